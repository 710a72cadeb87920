import type { PhaseName } from '#src/domain/phase.ts';
import type { TaskType } from '#src/domain/task.ts';

export type CommitFacts = {
  subject: string;
  type: TaskType;
  taskId: string;
  adwId: string;
  phase?: PhaseName;
  attempt?: number;
  /** Free text between the mission's lines and the trailers. */
  context?: string;
};

/**
 * The message of a commit: `<kind>: <description>`, the mission's spelled-out lines, optional context, and the same facts as
 * trailers that `git interpret-trailers --parse` reads (git 2.39, git-interpret-trailers(1): no space in a token).
 */
export function commitMessage(kind: Lowercase<PhaseName> | 'merge', facts: CommitFacts): string {
  const lines = [`Type: ${facts.type}`, `Task ID: ${facts.taskId}`, `ADW ID: ${facts.adwId}`];
  const trailers = [
    `Type: ${facts.type}`,
    `Task-ID: ${facts.taskId}`,
    `ADW-ID: ${facts.adwId}`,
    ...(facts.phase ? [`Phase: ${facts.phase}`] : []),
    ...(facts.attempt ? [`Attempt: ${facts.attempt}`] : []),
  ];
  const context = facts.context?.trim();
  return `${[`${kind}: ${oneLine(facts.subject)}`, lines.join('\n'), ...(context ? [context] : []), trailers.join('\n')].join('\n\n')}\n`;
}

/** Control characters would let a title forge trailers or hide text; a subject is one line of at most 100 characters. */
function oneLine(text: string): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return [...line].length > 100 ? `${[...line].slice(0, 99).join('')}…` : line;
}
