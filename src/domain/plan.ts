/** What a plan names, and whether that is a plan: the claim of PLAN, judged by its text alone. Pure. */
import { z } from 'zod';

/** `agent`: a session of PLAN. */
export const planAuthors = ['agent', 'person'] as const;
export type PlanAuthor = (typeof planAuthors)[number];

export const PlanParts = z.object({
  /** Files and folders, as they are named. */
  files: z.array(z.string()),
  steps: z.array(z.string()),
  /** Lines that tell of tests. */
  tests: z.array(z.string()),
});
export type PlanParts = z.infer<typeof PlanParts>;

const path =
  /(?<![\w/.@-])(?:\.{0,2}\/)?(?:[\w@.+()[\]-]+\/)*[\w@+()[\]-][\w@.+()[\]-]*\.[A-Za-z][A-Za-z0-9]{0,9}(?![\w/-])/g;
/** Without a folder only what ends like a file is one: a sentence has calls, versions and sites as well. */
const known =
  /\.(?:[cm]?[jt]sx?|py|go|rs|java|kts?|rb|php|[ch](?:pp|xx|c)?|cs|fs|swift|m|scala|dart|lua|exs?|erl|hs|ml|clj|r|jl|zig|nim|vue|svelte|astro|html?|s?css|less|mdx?|txt|rst|adoc|jsonc?|ya?ml|toml|ini|cfg|conf|env|xml|csv|tsv|sql|sh|bash|ps1|bat|proto|graphql|prisma|tf|gradle|lock|mod|sum|snap|svg|png|jpe?g|gif|webp|ico|ipynb)$/i;
const technology = /^(?:node|vue|next|nuxt|react|express|three|d3|chart|alpine|ember|backbone|socket)\.js$/i;

const bullet = /^\s*(?:[-*+•]|\d+[.)]|\[[ x]\])\s+(.*\S)/;
const aboutTests = /\b(tests?|tested|testing|specs?|assert\w*|coverage|verif\w+|check(?:s|ed)?)\b/i;

export function readPlan(text: string): PlanParts {
  const lines = text.split('\n').map((line) => line.trim());
  const words = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const steps = words.flatMap((line) => bullet.exec(line)?.[1] ?? []);
  return {
    files: [...new Set(words.flatMap(filesIn))].slice(0, 200),
    steps: steps.slice(0, 200).map((step) => step.slice(0, 500)),
    tests: words
      .filter((line) => aboutTests.test(line))
      .slice(0, 100)
      .map((line) => line.slice(0, 500)),
  };
}

const filesIn = (line: string): string[] =>
  [...line.slice(0, 5_000).matchAll(path)]
    .filter((found) => line[found.index + found[0].length] !== '(') // a call: thing.method()
    .map((found) => found[0].replace(/^\.\//, ''))
    .filter((name) => (name.includes('/') || known.test(name)) && !technology.test(name) && !name.startsWith('../'));

/** Why a text is no plan of this task; undefined when it is one. `strict`: it must name all three. */
export function planProblem(text: string, task: { title: string }, strict: boolean): string | undefined {
  const parts = readPlan(text);
  const gaps = planGaps(parts);
  const body = text.replace(/^#.*$/gm, '').trim();
  if (body === '') return 'The plan is empty: it has nothing but headings.';
  if (strict && gaps.length > 0)
    return `The plan names no ${gaps.join(', no ')}: name the files to change, the steps in their order, and the tests that show it works.`;
  if (parts.files.length > 0 || parts.steps.length > 0 || sharesWord(body, task.title) || saysWhat(body))
    return undefined;
  return `The plan is empty of content ("${body.slice(0, 80)}"): it names no file and no step, and says nothing of what is to be done. Name the files to change, the steps in their order, and the tests that show it works.`;
}

/** Of files, steps and tests, what it does not name. */
export const planGaps = (parts: PlanParts): string[] =>
  (['files', 'steps', 'tests'] as const).filter((part) => parts[part].length === 0);

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]{3,}|\p{Script=Han}/gu) ?? [];

/** Words that only claim that there is a plan. */
const claim =
  /^(?:(?:i|we)(?:'ve| have| did| made| wrote| finished| completed| planned)\b|(?:the |my )?plan (?:is|was|has)\b|(?:all|everything|it)(?: is| was| has been|'s)? (?:planned|done|ready|fine|good|set|clear)\b|(?:ok|okay|done|ready|finished|todo|tbd|none|yes|sure|lgtm|see)\b)/i;

/** A sentence of three words that is no mere claim. */
const saysWhat = (text: string): boolean =>
  text.split(/[.!?\n]+/).some((sentence) => wordsOf(sentence.trim()).length >= 3 && !claim.test(sentence.trim()));

function sharesWord(text: string, title: string): boolean {
  const known = new Set(wordsOf(text));
  return wordsOf(title).some((word) => known.has(word));
}

/** The planned files that a change did not touch. A plan may name a file by its end, and a folder's. */
export const untouched = (planned: readonly string[], changed: readonly string[]): string[] =>
  planned.filter(
    (name) => !changed.some((file) => file === name || file.endsWith(`/${name}`) || file.startsWith(name)),
  );

/**
 * Why a change does not answer its plan: it touches none of the planned files and its author does not say a word of why.
 * `words`: what the author said at the end. Undefined when it does, or when the plan names no file.
 */
export function unansweredPlan(plan: string, changed: readonly string[], words: string): string | undefined {
  const { files } = readPlan(plan);
  if (files.length === 0 || untouched(files, changed).length < files.length) return undefined;
  const name = (file: string) => file.slice(file.lastIndexOf('/') + 1);
  if ([...files, ...changed].some((file) => words.includes(name(file)))) return undefined;
  return `The change does not answer the plan: it touches ${changed.slice(0, 5).join(', ')}, and the plan names ${files.slice(0, 5).join(', ')}. Change those, or say at the end why others were changed instead.`;
}
