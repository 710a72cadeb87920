import type { Analysis } from '#src/domain/analysis.ts';
import { withOwnKeys } from '#src/domain/loose-tasks.ts';
import { plural } from '../format.ts';
import type { Proposal } from '../hooks/use-proposal.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

type Props = { analysis: Analysis; proposal: Proposal; onSelect: (key: string) => void };

const mostTold = 20;

/** What has to be settled before these can be tasks; folded below it what has been put right already, and what was asked for. */
export function ProposalProblems({ analysis, proposal, onSelect }: Props) {
  const { problems, notes, specification } = analysis;
  const isUnclear = withOwnKeys(analysis.tasks) !== analysis.tasks;
  return (
    <div className="flex max-h-[40dvh] flex-none flex-col gap-2 overflow-y-auto border-b border-line px-4 py-2 empty:hidden">
      {problems.length > 0 && (
        <section aria-label="Problems">
          <Notice tone="warn">
            <ul className="flex flex-col gap-1">
              {problems.slice(0, mostTold).map(({ key, message }) => (
                <li key={`${key} ${message}`}>
                  {message}{' '}
                  {key !== null && (
                    <button type="button" className="underline underline-offset-2" onClick={() => onSelect(key)}>
                      Go to {titleOf(key)}
                    </button>
                  )}
                </li>
              ))}
              {problems.length > mostTold && <li>And {problems.length - mostTold} more.</li>}
            </ul>
            {isUnclear && (
              <Button size="small" className="mt-2" onClick={() => proposal.edit(proposal.tasks)}>
                Give each task a key of its own
              </Button>
            )}
          </Notice>
        </section>
      )}
      {notes.length > 0 && (
        <details>
          <summary className="text-second">
            What Sentra put right <span className="text-xs">({plural(notes.length, 'note')})</span>
          </summary>
          <ul className="list-disc py-1 pl-5 text-body">
            {notes.map((note, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the notes of an answer never move
              <li key={at} className="wrap-anywhere">
                {note}
              </li>
            ))}
          </ul>
        </details>
      )}
      {specification.trim() && (
        <details>
          <summary className="text-second">The specification</summary>
          <p className="py-1 whitespace-pre-wrap text-body wrap-anywhere">{specification}</p>
        </details>
      )}
    </div>
  );

  function titleOf(key: string): string {
    return proposal.tasks.find((task) => task.key === key)?.title ?? key;
  }
}
