/** What a program writes: its lines as they come, and the end of each stream for the outcome. */
import { StringDecoder } from 'node:string_decoder';
import type { RunOptions } from '#src/process.ts';

const maxLineBytes = 64 * 1024;

export function collectOutput(name: 'stdout' | 'stderr', options: Pick<RunOptions, 'keepBytes' | 'onLine'>) {
  const keepBytes = options.keepBytes ?? 16 * 1024 * 1024;
  const decoder = new StringDecoder('utf8');
  let chunks: Buffer[] = [];
  let size = 0;
  let dropped = false;
  let rest = '';
  const emit = (text: string, last: boolean) => {
    if (!options.onLine) return;
    const lines = (rest + text).split('\n');
    rest = last ? '' : (lines.pop() ?? '');
    if (last && lines.at(-1) === '') lines.pop();
    for (const line of lines) options.onLine(line.replace(/\r$/, ''), name);
    if (rest.length > maxLineBytes) {
      options.onLine(rest, name);
      rest = '';
    }
  };
  return {
    add(chunk: Buffer) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > keepBytes * 2) {
        chunks = [Buffer.concat(chunks).subarray(-keepBytes)];
        size = keepBytes;
        dropped = true;
      }
      if (options.onLine) emit(decoder.write(chunk), false);
    },
    /** All has come: answers what was kept. */
    end() {
      emit(decoder.end(), true);
      const all = Buffer.concat(chunks);
      return {
        kept: all.length > keepBytes ? all.subarray(-keepBytes) : all,
        truncated: dropped || size > keepBytes,
      };
    },
  };
}
