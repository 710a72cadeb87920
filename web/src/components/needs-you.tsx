import { Link } from '@tanstack/react-router';
import { Clock, GitMerge, ListTree, TriangleAlert, UserRound } from 'lucide-react';
import type { AnalysisSummary } from '#src/domain/analysis.ts';
import { shortId } from '#src/domain/ids.ts';
import { plural } from '../format.ts';
import type { Need } from '../home.ts';
import { Code } from '../ui/code.tsx';
import { Panel } from '../ui/panel.tsx';

const icons = { review: UserRound, failed: TriangleAlert, waits: Clock, merge: GitMerge } as const;
const shown = 20;

const rowClass = 'border-t border-line first:border-t-0';
const linkClass = 'flex min-h-12 items-center gap-3 px-4 py-2.5 hover:bg-raised focus-visible:-outline-offset-2';

function Proposed({ proposal, project: name }: { proposal: AnalysisSummary; project: string | undefined }) {
  return (
    <li className={rowClass}>
      <Link
        to="/analyst/$id"
        params={{ id: proposal.id }}
        search={({ project }) => ({ project })}
        className={linkClass}
      >
        <ListTree aria-hidden="true" className="flex-none text-warn" />
        <span className="flex min-w-0 flex-1 flex-col">
          <span className="flex min-w-0 items-baseline gap-2">
            <span className="cut font-medium">{proposal.name}</span>
            <span className="flex-none text-xs text-second max-md:hidden">{name}</span>
          </span>
          <span className="cut text-xs text-body">{plural(proposal.taskCount, 'task is', 'tasks are')} proposed.</span>
        </span>
        <span className="btn btn-small flex-none">Look</span>
      </Link>
    </li>
  );
}

/** What goes no further without a person, each with the way there. */
export function NeedsYou({
  needs,
  proposals,
  nameOf,
}: {
  needs: readonly Need[];
  /** Of the analyst, which wait for an approval. */
  proposals: readonly AnalysisSummary[];
  nameOf: (projectId: string) => string | undefined;
}) {
  if (needs.length + proposals.length === 0)
    return (
      <Panel title="Needs you">
        <p className="p-4 text-second">
          Nothing waits for you. Pull requests to review, failures and what needs a decision stand here.
        </p>
      </Panel>
    );
  return (
    <Panel title="Needs you" note={needs.length + proposals.length}>
      <ul>
        {proposals.map((proposal) => (
          <Proposed key={proposal.id} proposal={proposal} project={nameOf(proposal.projectId)} />
        ))}
        {needs.slice(0, shown).map(({ task, icon, text, action, tab }) => {
          const Icon = icons[icon];
          return (
            <li key={task.id} className={rowClass}>
              <Link
                to="/tasks/$id"
                params={{ id: task.id }}
                search={({ project }) => ({ project, tab })}
                className={linkClass}
              >
                <Icon aria-hidden="true" className={`flex-none ${icon === 'failed' ? 'text-err-text' : 'text-warn'}`} />
                <span className="flex min-w-0 flex-1 flex-col">
                  <span className="flex min-w-0 items-baseline gap-2">
                    <span className="cut font-medium">{task.title}</span>
                    <span className="flex-none text-xs text-second max-md:hidden">{nameOf(task.projectId)}</span>
                    <span className="mono flex-none text-xs text-second max-md:hidden">task-{shortId(task.id)}</span>
                  </span>
                  <span className="cut text-xs text-body">
                    <Code text={text} />
                  </span>
                </span>
                <span className="btn btn-small flex-none">{action}</span>
              </Link>
            </li>
          );
        })}
      </ul>
      {needs.length > shown && (
        <p className="border-t border-line px-4 py-2.5 text-xs text-second">
          {needs.length - shown} more on the board, in the columns In review and Failed.
        </p>
      )}
    </Panel>
  );
}
