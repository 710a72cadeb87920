/** A log line as people read it. */
import { colour, dim, plain } from '#src/cli/output.ts';
import type { Io } from '#src/cli/verb.ts';
import type { LogLine } from '#src/domain/log.ts';

const tones = { debug: undefined, info: undefined, warn: 'waits', error: 'bad' } as const;

export function lineText(io: Io, line: LogLine): string {
  const tone = tones[line.level];
  const level = line.level.padEnd(5);
  const head = dim(io, `${line.timestamp} ${(line.phase ?? '-').padEnd(6)}`);
  return `${head} ${tone ? colour(io, tone, level) : level} ${plain(line.message)}`;
}
