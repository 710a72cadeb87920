/** What sessions are told. The system prompts are in prompts/*.md; the task, plan, failures and comments are put together here. */
import { readFileSync } from 'node:fs';
import type { PromptRole } from '#src/domain/prompt.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Rework } from '#src/domain/rework.ts';
import type { Run } from '#src/workflows/run.ts';

export type Role = PromptRole;

const texts = new Map<Role, string>();

export function systemPrompt(phase: Role): string {
  const known = texts.get(phase);
  if (known) return known;
  const text = readFileSync(new URL(`./prompts/${phase.toLowerCase()}.md`, import.meta.url), 'utf8').trim();
  texts.set(phase, text);
  return text;
}

export type Material = {
  /** Output of the project's checks that failed. */
  checks?: string | undefined;
  /** Output of the project's tests that failed. */
  failures?: string | undefined;
  comments?: readonly NewComment[] | undefined;
  /** What the merge queue sent back. */
  rework?: Rework | undefined;
  diff?: string | undefined;
  testEvidence?: string | undefined;
  /** Why the previous attempt did not count. */
  previous?: string | undefined;
};

const asks: Record<Role, string> = {
  CONFLICT: 'Work the base branch into this task.',
  PLAN: 'Plan this task.',
  CODE: 'Carry out this task.',
  TEST: 'Write the missing tests for this task.',
  REVIEW: 'Review the change made for this task.',
  ANALYZE: 'Propose the tasks that this comes to.',
};

/** For a session that goes on, which has its task in its conversation. */
export const goOnPrompt =
  'The model let you in no more, and now it does again. Your files are as you left them; commands that you had started are gone. Go on where you stopped, and finish what you were asked for.';

/** The prompt of a session: title and description verbatim, the plan from CODE on, then what this attempt is about. */
export function composePrompt(run: Run, phase: Role, attempt: number, material: Material = {}): string {
  const { facts } = run;
  const isBelow = material.rework?.kind === 'below';
  const sections: [string, string | undefined][] = [
    ['Description', facts.description || undefined],
    ['Dev servers', devServers(run) || undefined],
    ['Plan', phase === 'PLAN' ? undefined : (run.plan ?? undefined)],
    ['The previous attempt did not count', material.previous],
    [
      isBelow ? 'What the task that it stands on is by now' : 'What came into the base meanwhile',
      material.rework && othersIn(material.rework),
    ],
    ['Conflicts', material.rework && conflictsIn(material.rework)],
    ['Red together with the base', material.rework?.kind === 'red' ? fence(material.rework.said) : undefined],
    ['The checks fail', material.checks && fence(material.checks)],
    ['The tests fail', material.failures && fence(material.failures)],
    ['Review comments to work in', material.comments?.length ? material.comments.map(bullet).join('\n') : undefined],
    ['Diff', material.diff && fence(material.diff, 'diff')],
    ['Test evidence', material.testEvidence],
  ];
  const head = [`Phase: ${phase}`, `Task: ${facts.title}`, `Attempt: ${attempt}`, `Type: ${facts.type}`].join('\n');
  const body = sections.flatMap(([title, text]) => (text ? [`## ${title}\n\n${text}`] : []));
  return [head, isBelow ? 'Work the new state of what this task stands on into it.' : asks[phase], ...body].join(
    '\n\n',
  );
}

/** They run beside the session: it must not start them on the same ports. */
const devServers = ({ facts: { devServers: names, config } }: Run): string =>
  names
    .map(
      (name) =>
        `- ${name} runs at http://localhost:$${config.dev[name]?.port} and is kept running: start no other there.`,
    )
    .join('\n');

const othersIn = ({ others }: Rework): string =>
  others
    .map(({ title, plan }) => `### ${title}\n\n${plan ? fence(plan, 'markdown') : 'No plan is known.'}`)
    .join('\n\n');

const conflictsIn = ({ paths, said }: Rework): string | undefined =>
  paths.length ? `${paths.map((one) => `- ${one}`).join('\n')}\n\n${fence(said)}` : undefined;

const bullet = (c: NewComment) => `- ${c.path ? `${c.path}${c.line ? `:${c.line}` : ''}: ` : ''}${c.body}`;

/** A fence longer than any in the text, so that text from files cannot end it. */
function fence(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text.trimEnd()}\n${ticks}`;
}
