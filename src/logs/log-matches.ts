/**
 * Finds the lines of a selection, block by block. Phases, levels, sources and attempts are looked up in memory, times decide over whole blocks, and a
 * text is looked for only in blocks that have its trigrams. Only what has no block yet, or lies on the edge of a time, costs a look at rows.
 */
import type { LogSelection } from '#src/domain/log.ts';
import { countWanted, noMark, tally } from '#src/domain/log-marks.ts';
import { readPattern } from '#src/domain/log-pattern.ts';
import { trigramsNeeded } from '#src/domain/log-trigrams.ts';
import { createTurns } from '#src/domain/turns.ts';
import type { LogDirectory } from '#src/logs/log-directory.ts';
import { createMatchCache, type KnownMatches } from '#src/logs/match-cache.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { findBlocksWith, type LogBlock, linesPerBlock } from '#src/store/log-blocks.ts';
import { scanBlocks, scanRows, withinTime } from '#src/store/log-scan.ts';
import { explainSearch, isForBlocks } from '#src/store/log-selection.ts';

/**
 * Lines of one block by their position in it: those at `positions`, or all, then with `counts` of each mark. `marks` has `noMark`
 * where there is no line.
 */
export type BlockMatches = { block: number; marks: Uint8Array } & (
  | { positions: Uint16Array }
  | { counts: Uint32Array }
);

export type MatchQuestion = {
  taskId: string;
  directory: LogDirectory;
  selection: LogSelection;
  /** 1 at each mark that is asked for: a block without any is passed over, others come with all of theirs. */
  wanted: Uint8Array;
  /** Numbers of lines, exclusive; other lines of their blocks come too. */
  after: number;
  before: number;
  order: 'asc' | 'desc';
};

export type Matcher = (question: MatchQuestion) => AsyncGenerator<BlockMatches>;

/** How a block is looked at: it is known, its text is searched, or its rows are. */
type Step =
  | { number: number; found: BlockMatches }
  | { number: number; text: LogBlock }
  | { number: number; rows: true };
type Scan = <T>(work: (db: Queryable) => Promise<T>) => Promise<T>;

const mostSeconds = 20;
/** So that searches never take every connection of the pool. */
const scansAtOnce = 4;
/** A short task is read faster than the index. */
const blocksWorthTheIndex = 48;
const smallestGroup = 8;
const largestGroup = 256;

/** Throws `invalid` for what is no regular expression, `timed_out` after 20 s. */
export function createMatcher({ pool }: Pick<Database, 'pool'>): Matcher {
  const cache = createMatchCache();
  const turns = createTurns(scansAtOnce);
  return async function* matches(question) {
    const { selection } = question;
    const deadline = performance.now() + mostSeconds * 1000;
    const scan: Scan = (work) =>
      turns(() => {
        const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
        return withinTime(pool, leftMs, work).catch((e) => explainSearch(e, selection, mostSeconds));
      });
    const known = cache.of(searchKey(question));
    const looking = { question, known, scan };
    const steps = planSteps(question, known);
    yield* await lookAt(steps.slice(0, smallestGroup), looking); // often a page is full with these
    const rest = await withoutHopeless(steps.slice(smallestGroup), looking);
    for (const group of groupsOf(rest)) yield* await lookAt(group, looking);
  };
}

/** Two searches with the same key find the same in every block. */
function searchKey({ taskId, directory, selection: { q, regex, case: exact } }: MatchQuestion): string {
  return JSON.stringify([taskId, directory.removedAt, q, regex === true, exact === true]);
}

function planSteps({ directory, selection, wanted, ...window }: MatchQuestion, known: KnownMatches): Step[] {
  const { blocks, removedLines, lastSeq } = directory;
  const after = Math.max(window.after, removedLines);
  const before = Math.min(window.before, lastSeq + 1);
  const first = Math.floor(after / linesPerBlock);
  const steps: Step[] = [];
  for (let number = first; number * linesPerBlock + 1 < before; number++) {
    const block = blocks[number - (blocks[0]?.block ?? 0)];
    const step = planStep(number, { block, lastSeq }, { selection, wanted, known });
    if (step) steps.push(step);
  }
  return window.order === 'asc' ? steps : steps.reverse();
}

function planStep(
  number: number,
  { block, lastSeq }: { block: LogBlock | undefined; lastSeq: number },
  { selection, wanted, known }: { selection: LogSelection; wanted: Uint8Array; known: KnownMatches },
): Step | undefined {
  if (!block || block.lastSeq < Math.min(endOf(number), lastSeq)) return { number, rows: true };
  if (countWanted(block.counts, wanted) === 0) return undefined;
  const time = timeOf(block, selection);
  if (time === 'outside') return undefined;
  if (time === 'across') return { number, rows: true };
  const { marks, counts } = block;
  if (!selection.q) return { number, found: { block: number, marks, counts } };
  const positions = known.find(number);
  if (positions?.length === 0) return undefined;
  if (positions) return { number, found: { block: number, marks, positions } };
  return isForBlocks(selection) ? { number, text: block } : { number, rows: true };
}

function timeOf({ since, until }: LogBlock, selection: LogSelection): 'inside' | 'across' | 'outside' {
  const from = selection.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(selection.since);
  const to = selection.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(selection.until);
  if (until < from || since >= to) return 'outside';
  return since >= from && until < to ? 'inside' : 'across';
}

/** Without the blocks that lack a trigram of what is looked for. */
async function withoutHopeless(steps: Step[], { question, known, scan }: Looking): Promise<Step[]> {
  const unknown = steps.filter((step) => 'text' in step);
  if (unknown.length < blocksWorthTheIndex) return steps;
  const { q = '', regex } = question.selection;
  const trigrams = trigramsNeeded(regex ? readPattern(q).literals : [q]);
  if (trigrams.length === 0) return steps;
  const hopeful = await scan((db) => findBlocksWith(db, question.taskId, trigrams));
  return steps.filter((step) => {
    if (!('text' in step) || hopeful.has(step.number)) return true;
    if (isWhole(step.text)) known.add(step.number, none);
    return false;
  });
}

/** More and more, for a page that is not full by now needs many. */
function* groupsOf(steps: readonly Step[]): Generator<Step[]> {
  let size = smallestGroup;
  for (let at = 0; at < steps.length; size = Math.min(size * 2, largestGroup)) {
    yield steps.slice(at, at + size);
    at += size;
  }
}

type Looking = { question: MatchQuestion; known: KnownMatches; scan: Scan };

async function lookAt(steps: readonly Step[], looking: Looking): Promise<BlockMatches[]> {
  const [texts, rows] = await Promise.all([lookAtTexts(steps, looking), lookAtRows(steps, looking)]);
  return steps.flatMap((step) =>
    'found' in step ? step.found : (texts.get(step.number) ?? rows.get(step.number) ?? []),
  );
}

async function lookAtTexts(
  steps: readonly Step[],
  { question, known, scan }: Looking,
): Promise<Map<number, BlockMatches>> {
  const { taskId, selection } = question;
  const blocks = steps.flatMap((step) => ('text' in step ? step.text : []));
  if (blocks.length === 0) return new Map();
  const numbers = blocks.map(({ block }) => block);
  const positionsOf = await scan((db) => scanBlocks(db, taskId, numbers, selection));
  return new Map(
    blocks.map((block) => {
      const positions = positionsOf.get(block.block) ?? none;
      if (isWhole(block)) known.add(block.block, positions);
      return [block.block, { block: block.block, marks: block.marks, positions }];
    }),
  );
}

/** Neighbours are read as one stretch. */
async function lookAtRows(steps: readonly Step[], { question, scan }: Looking): Promise<Map<number, BlockMatches>> {
  const { taskId, selection, directory } = question;
  const numbers = steps.flatMap((step) => ('rows' in step ? step.number : [])).sort((a, b) => a - b);
  const found = new Map<number, BlockMatches>();
  const { phase: _phase, level: _level, source: _source, attempt: _attempt, ...textAndTime } = selection;
  for (const [first, last] of stretchesOf(numbers)) {
    const range = { first: Math.max(first * linesPerBlock, directory.removedLines) + 1, last: endOf(last) };
    const rows = await scan((db) => scanRows(db, taskId, { range, selection: textAndTime }));
    for (const [block, group] of Map.groupBy(rows, ({ seq }) => Math.floor((seq - 1) / linesPerBlock))) {
      const marks = new Uint8Array(linesPerBlock).fill(noMark);
      for (const { seq, mark } of group) marks[(seq - 1) % linesPerBlock] = mark;
      found.set(block, { block, marks, counts: tally(marks) });
    }
  }
  return found;
}

function stretchesOf(numbers: readonly number[]): [number, number][] {
  const stretches: [number, number][] = [];
  for (const number of numbers) {
    const last = stretches.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else stretches.push([number, number]);
  }
  return stretches;
}

const none = new Uint16Array(0);
const endOf = (block: number) => (block + 1) * linesPerBlock;
const isWhole = ({ block, lastSeq }: LogBlock) => lastSeq === endOf(block);
