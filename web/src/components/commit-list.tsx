import { phaseNames } from '#src/domain/phase.ts';
import type { Commit } from '#src/domain/pull-request.ts';
import { formatClock } from '../format.ts';

/** Commits under the phase that made them, in the order of the phases. */
export function CommitList({ commits }: { commits: readonly Commit[] }) {
  if (commits.length === 0) return null;
  const groups = [...phaseNames, null].map((phase) => ({
    phase,
    commits: commits.filter((commit) => (commit.phase ?? null) === phase),
  }));
  return (
    <section aria-label="Commits by phase" className="border-b border-line px-4 py-3">
      <h2 className="mb-1 text-xs font-medium text-second">Commits by phase</h2>
      <ol className="flex flex-col">
        {groups.flatMap((group) =>
          group.commits.map((commit) => (
            <li key={commit.hash} className="flex min-h-7 items-center gap-3">
              <span className="w-14 flex-none text-xs text-second">{group.phase ?? 'other'}</span>
              <span className="mono flex-none text-accent-text">{commit.hash.slice(0, 7)}</span>
              <span className="cut flex-1">{commit.subject}</span>
              <time dateTime={commit.date} className="text-xs text-second">
                {formatClock(commit.date)}
              </time>
            </li>
          )),
        )}
      </ol>
    </section>
  );
}
