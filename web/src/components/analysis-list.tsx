import { Link } from '@tanstack/react-router';
import type { AnalysisSummary } from '#src/domain/analysis.ts';
import { formatCost, formatSince, plural } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { AnalysisTag } from './analysis-tag.tsx';

type Props = {
  analyses: readonly AnalysisSummary[];
  /** What to call the project of one, where several are shown. */
  projectName: (id: string) => string | undefined;
};

export function AnalysisList({ analyses, projectName }: Props) {
  const now = useNow(true, 30_000);
  return (
    <ul>
      {analyses.map(({ id, name, status, taskCount, costUsd, createdAt, projectId }) => (
        <li key={id} className="border-t border-line first:border-t-0">
          <Link
            to="/analyst/$id"
            params={{ id }}
            search={({ project }) => ({ project })}
            preload={false}
            className="analysis-row"
          >
            <span className="cut font-medium max-md:w-full">{name}</span>
            <span className="cut text-second max-md:hidden">{projectName(projectId)}</span>
            <span>
              <AnalysisTag status={status} />
            </span>
            <span className="md:text-right">{taskCount > 0 && plural(taskCount, 'task')}</span>
            <span className="text-second md:text-right">{formatCost(costUsd)}</span>
            <time dateTime={createdAt} className="text-second max-md:ml-auto md:text-right">
              {formatSince(createdAt, now)}
            </time>
          </Link>
        </li>
      ))}
    </ul>
  );
}
