/** What sessions are told. The system prompts are in prompts/*.md; the task, plan, failures and comments are put together here. */
import { readFileSync } from 'node:fs';
import type { PhaseName } from '#src/domain/phase.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Run } from '#src/workflows/run.ts';

const texts = new Map<PhaseName, string>();

export function systemPrompt(phase: PhaseName): string {
  const known = texts.get(phase);
  if (known) return known;
  const text = readFileSync(new URL(`./prompts/${phase.toLowerCase()}.md`, import.meta.url), 'utf8').trim();
  texts.set(phase, text);
  return text;
}

export type Material = {
  /** Output of the project's tests that failed. */
  failures?: string | undefined;
  comments?: readonly NewComment[] | undefined;
  diff?: string | undefined;
  testEvidence?: string | undefined;
  /** Why the previous attempt did not count. */
  previous?: string | undefined;
};

const asks: Record<PhaseName, string> = {
  PLAN: 'Plan this task.',
  CODE: 'Carry out this task.',
  TEST: 'Write the missing tests for this task.',
  REVIEW: 'Review the change made for this task.',
};

/** The prompt of a session: title and description verbatim, the plan from CODE on, then what this attempt is about. */
export function composePrompt(run: Run, phase: PhaseName, attempt: number, material: Material = {}): string {
  const { facts } = run;
  const sections: [string, string | undefined][] = [
    ['Description', facts.description || undefined],
    ['Dev servers', devServers(run) || undefined],
    ['Plan', phase === 'PLAN' ? undefined : (run.plan ?? undefined)],
    ['The previous attempt did not count', material.previous],
    ['The tests fail', material.failures && fence(material.failures)],
    ['Review comments to work in', material.comments?.length ? material.comments.map(bullet).join('\n') : undefined],
    ['Diff', material.diff && fence(material.diff, 'diff')],
    ['Test evidence', material.testEvidence],
  ];
  const head = [`Phase: ${phase}`, `Task: ${facts.title}`, `Attempt: ${attempt}`, `Type: ${facts.type}`].join('\n');
  const body = sections.flatMap(([title, text]) => (text ? [`## ${title}\n\n${text}`] : []));
  return [head, asks[phase], ...body].join('\n\n');
}

/** They run beside the session: it must not start them on the same ports. */
const devServers = ({ facts: { devServers: names, config } }: Run): string =>
  names
    .map(
      (name) =>
        `- ${name} runs at http://localhost:$${config.dev[name]?.port} and is kept running: start no other there.`,
    )
    .join('\n');

const bullet = (c: NewComment) => `- ${c.path ? `${c.path}${c.line ? `:${c.line}` : ''}: ` : ''}${c.body}`;

/** A fence longer than any in the text, so that text from files cannot end it. */
function fence(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text.trimEnd()}\n${ticks}`;
}
