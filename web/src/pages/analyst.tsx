import { useQueries } from '@tanstack/react-query';
import { messageOf } from '#src/errors.ts';
import { AnalysisList } from '../components/analysis-list.tsx';
import { AnalyzeForm } from '../components/analyze-form.tsx';
import { NoProject } from '../components/no-project.tsx';
import { ProjectSwitcher } from '../components/project-switcher.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { useProject } from '../hooks/use-project.ts';
import { analysesQuery } from '../queries.ts';
import { Command } from '../ui/command.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

/** A specification in, a proposed graph of tasks out. */
export function AnalystPage() {
  const { project, projects, isPending } = useProject();
  const shown = project ? [project] : projects;
  const answers = useQueries({ queries: shown.map(({ id }) => analysesQuery(id)) });
  const error = answers.find((answer) => answer.error)?.error;
  const isKnown = answers.every(({ isSuccess }) => isSuccess);
  const analyses = answers
    .flatMap(({ data }) => data ?? [])
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id));
  const projectName = (id: string) => (shown.length > 1 ? projects.find((one) => one.id === id)?.name : undefined);
  return (
    <>
      <title>{project ? `Analyst · ${project.name} · Sentra` : 'Analyst · Sentra'}</title>
      <TopBar>
        <h1 className="text-base max-md:sr-only">Analyst</h1>
        <span className="cut text-second max-md:hidden">
          {project?.name ?? (projects.length ? 'All projects' : '')}
        </span>
        <ProjectSwitcher className="w-full md:hidden" />
      </TopBar>
      <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4">
        {!isPending && projects.length === 0 && <NoProject />}
        {error && <Notice tone="err">{messageOf(error)}</Notice>}
        {projects.length > 0 && (
          <>
            <Panel title="Analyze a specification">
              <AnalyzeForm key={project?.id} project={project} projects={projects} />
            </Panel>
            {isKnown && (
              <Panel title="Analyses" note={analyses.length || undefined}>
                {analyses.length === 0 ? (
                  <NoAnalysis />
                ) : (
                  <AnalysisList analyses={analyses} projectName={projectName} />
                )}
              </Panel>
            )}
          </>
        )}
      </div>
    </>
  );
}

const NoAnalysis = () => (
  <div className="flex flex-col items-start gap-3 p-4 text-body">
    <p>
      Nothing has been analyzed yet. An agent reads a specification together with the repository and proposes small
      tasks that wait for one another where they must. You edit, drop, merge and split them; only then they are created.
      The same from a terminal:
    </p>
    <Command text="npx sentra analyze FILE" />
  </div>
);
