import type { Commit } from '#src/domain/pull-request.ts';

export type BodyFacts = {
  taskId: string;
  adwId: string;
  /** What the person asked for. */
  description: string;
  /** What was done, in an agent's own words. */
  summary: string | null;
  plan: string | null;
  commits: readonly Commit[];
  tests: { command: string; exitCode: number; durationMs: number; summary: string } | null;
  review: { verdict: string; summary: string } | null;
  costUsd: number | null;
  tokens: number;
  branchName: string;
  ports: Readonly<Record<string, number>>;
};

/** The text of a pull request, in Markdown: what, why, how it was shown to work, and how to try it. */
export function composeBody(facts: BodyFacts): string {
  const { summary, description, plan } = facts;
  return [
    section('What', summary?.trim() || 'See the commits below.'),
    section('Why', description.trim() || 'The title says it all.'),
    plan?.trim() ? section('Plan', below(plan.trim())) : '',
    section('Commits', facts.commits.map(commitLine).join('\n') || 'None.'),
    section('Tests', testsText(facts.tests)),
    facts.review ? section('Review', `${facts.review.verdict.replace('_', ' ')}. ${facts.review.summary}`.trim()) : '',
    section('Try it', tryIt(facts)),
    `Task ${facts.taskId}, run ${facts.adwId}, ${costText(facts)}.`,
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n');
}

const section = (title: string, text: string) => `## ${title}\n\n${text}`;

/** A text's own headings, made to lie below a section's; one that only repeats the section's title goes. */
const below = (text: string) =>
  text.replace(/^#+ Plan\s*\n+/i, '').replace(/^#{1,4} /gm, (marks) => `###${marks.slice(-1)}`);

const commitLine = ({ hash, subject, phase }: Commit) =>
  `- \`${hash.slice(0, 10)}\` ${subject}${phase ? ` (${phase})` : ''}`;

function testsText(tests: BodyFacts['tests']): string {
  if (!tests) return 'No test command is configured, so nothing was run.';
  const result = tests.exitCode === 0 ? 'passed' : `failed with exit code ${tests.exitCode}`;
  return `\`${tests.command}\` ${result} in ${(tests.durationMs / 1000).toFixed(1)} s.${tests.summary ? ` ${tests.summary}` : ''}`;
}

function tryIt({ branchName, ports }: BodyFacts): string {
  const names = Object.entries(ports).map(([name, port]) => `${name} ${port}`);
  return `\`git switch ${branchName}\`${names.length > 0 ? `; the task's ports: ${names.join(', ')}` : ''}`;
}

const costText = ({ costUsd, tokens }: BodyFacts) =>
  `${tokens.toLocaleString('en')} tokens, ${costUsd === null ? 'cost unknown' : `$${costUsd.toFixed(2)}`}`;
