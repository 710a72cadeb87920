import { showName } from '#src/domain/display.ts';
import type { Commit, DiffFile } from '#src/domain/pull-request.ts';

export type BodyFacts = {
  taskId: string;
  adwId: string;
  /** What the person asked for. */
  description: string;
  /** What was done, in an agent's own words. */
  summary: string | null;
  plan: string | null;
  commits: readonly Commit[];
  /** Changed files that steer more than code does. */
  steering: readonly Pick<DiffFile, 'path' | 'steers'>[];
  tests: { command: string; exitCode: number; durationMs: number; summary: string } | null;
  review: {
    verdict: string;
    summary: string /** What the change means for these, where review says so. */;
    security?: string;
    performance?: string;
  } | null;
  /** The newest piece of each kind and phase, oldest first. */
  evidence: readonly { phase: string; kind: string; passed: boolean; summary: string }[];
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
    facts.steering.length > 0 ? section('Changes what agents run', facts.steering.map(steeringLine).join('\n')) : '',
    section('Tests', testsText(facts.tests)),
    facts.review ? section('Review', reviewText(facts.review)) : '',
    facts.evidence.length > 0 ? section('Evidence', facts.evidence.map(evidenceLine).join('\n')) : '',
    section('Try it', tryIt(facts)),
    `Task ${facts.taskId}, run ${facts.adwId}, ${costText(facts)}.`,
    `<!-- ${mark}: ${facts.taskId} -->`,
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n');
}

/** Unseen in the text: by it a forge's pull requests and comments are known to be Sentra's. */
const mark = 'sentra-task';

export const isOurs = (text: string): boolean => text.includes(`<!-- ${mark}`);

/** A comment of Sentra's own, which is nobody's wish. `key`: by which one of many is found again. */
export const signed = (text: string, key = ''): string => `${text}\n\n${signature(key)}\n`;
export const isSigned = (text: string, key: string): boolean => text.includes(signature(key));
const signature = (key: string) => `<!-- ${mark}${key && `: ${key}`} -->`;

/** `@name` in what agents and plans say calls nobody: an unseen character follows the @. Code stays as it is, forges call nobody there. */
export const unaddressed = (text: string): string =>
  text
    .split(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/(^|[^\w/])@(?=\w)/g, '$1@\u2060')))
    .join('');

const section = (title: string, text: string) => `## ${title}\n\n${text}`;

/** A text's own headings, made to lie below a section's; one that only repeats the section's title goes. */
const below = (text: string) =>
  text.replace(/^#+ Plan\s*\n+/i, '').replace(/^#{1,4} /gm, (marks) => `###${marks.slice(-1)}`);

const commitLine = ({ hash, subject, phase }: Commit) =>
  `- \`${hash.slice(0, 10)}\` ${subject}${phase ? ` (${phase})` : ''}`;

const steeringLine = ({ path, steers }: BodyFacts['steering'][number]) =>
  `- \`${showName(path).replaceAll('`', "'")}\`: ${steers}`;

function testsText(tests: BodyFacts['tests']): string {
  if (!tests) return 'No test command is configured, so nothing was run.';
  const result = tests.exitCode === 0 ? 'passed' : `failed with exit code ${tests.exitCode}`;
  return `\`${tests.command}\` ${result} in ${(tests.durationMs / 1000).toFixed(1)} s.${tests.summary ? ` ${tests.summary}` : ''}`;
}

const reviewText = ({ verdict, summary, security, performance }: NonNullable<BodyFacts['review']>): string =>
  [
    `${verdict.replace('_', ' ')}. ${summary}`.trim(),
    security ? `Security: ${security}` : '',
    performance ? `Performance: ${performance}` : '',
  ]
    .filter(Boolean)
    .join('\n\n');

const evidenceLine = ({ phase, kind, passed, summary }: BodyFacts['evidence'][number]) =>
  `- ${phase} ${kind}: ${passed ? 'passed' : 'failed'}${summary ? `, ${summary.split('\n', 1)[0]}` : ''}`;

function tryIt({ branchName, ports }: BodyFacts): string {
  const names = Object.entries(ports).map(([name, port]) => `${name} ${port}`);
  return `\`git fetch && git switch ${branchName}\`${names.length > 0 ? `; the task's ports: ${names.join(', ')}` : ''}`;
}

const costText = ({ costUsd, tokens }: BodyFacts) =>
  `${tokens.toLocaleString('en')} tokens, ${costUsd === null ? 'cost unknown' : `$${costUsd.toFixed(2)}`}`;
