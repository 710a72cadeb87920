/** Phase and level of a line in one byte, so that a million lines can be filtered and counted without reading them. */
import { type LogLevel, type LogSelection, logLevels } from '#src/domain/log.ts';
import { type PhaseName, phaseNames } from '#src/domain/phase.ts';

/** No phase comes first. */
const phases: readonly (PhaseName | null)[] = [null, ...phaseNames];
const markCount = phases.length * logLevels.length;
/** Where there is no line. */
export const noMark = 255;

export const markOf = (line: { phase: PhaseName | null; level: LogLevel }): number =>
  phases.indexOf(line.phase) * logLevels.length + logLevels.indexOf(line.level);

const phaseOf = (mark: number) => phases[Math.floor(mark / logLevels.length)] ?? null;
const levelOf = (mark: number) => logLevels[mark % logLevels.length] as LogLevel;

type Choice = Pick<LogSelection, 'phase' | 'level'>;

/** 1 at each mark that is asked for. */
export function wantedMarks(choice: Choice): Uint8Array {
  const wanted = new Uint8Array(256);
  for (let mark = 0; mark < markCount; mark++) if (hasPhase(mark, choice) && hasLevel(mark, choice)) wanted[mark] = 1;
  return wanted;
}

/** How often each mark occurs. */
export function tally(marks: Iterable<number>): Uint32Array {
  const counts = new Uint32Array(noMark + 1);
  for (const mark of marks) counts[mark] = (counts[mark] ?? 0) + 1;
  return counts;
}

/** How many lines are asked for. */
export function countWanted(counts: ArrayLike<number>, wanted: Uint8Array): number {
  let sum = 0;
  for (let mark = 0; mark < markCount; mark++) if (wanted[mark]) sum += counts[mark] ?? 0;
  return sum;
}

/** From how often each mark occurs, what a summary tells. */
export function countMarks(counts: ArrayLike<number>, choice: Choice) {
  const byPhase: Record<string, number> = {};
  const byLevel: Record<string, number> = {};
  let matched = 0;
  for (let mark = 0; mark < markCount; mark++) {
    const count = counts[mark] ?? 0;
    if (count === 0) continue;
    const [phase, level] = [hasPhase(mark, choice), hasLevel(mark, choice)];
    if (level) byPhase[phaseOf(mark) ?? '-'] = (byPhase[phaseOf(mark) ?? '-'] ?? 0) + count;
    if (phase) byLevel[levelOf(mark)] = (byLevel[levelOf(mark)] ?? 0) + count;
    if (phase && level) matched += count;
  }
  return { byPhase, byLevel, matched };
}

function hasPhase(mark: number, { phase }: Choice): boolean {
  const own = phaseOf(mark);
  return !phase || (own !== null && phase.includes(own));
}
const hasLevel = (mark: number, { level }: Choice) => !level || level.includes(levelOf(mark));
