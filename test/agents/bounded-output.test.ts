import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { BoundedOutput } from '#src/agents/bounded-output.ts';

/** A reader as the SDK is one: it takes every line at once and hands them out one by one. */
function readerOf(stream: Readable) {
  const waiting: string[] = [];
  let most = 0;
  let ended = false;
  let wake = () => {};
  createInterface({ input: stream })
    .on('line', (line) => {
      waiting.push(line);
      most = Math.max(most, waiting.length);
      wake();
    })
    .on('close', () => {
      ended = true;
      wake();
    });
  async function* messages() {
    for (;;) {
      const line = waiting.shift();
      if (line !== undefined) yield line;
      else if (ended) return;
      else await new Promise<void>((done) => (wake = done));
    }
  }
  return { messages: messages(), most: () => most };
}

const line = `${'x'.repeat(999)}\n`;
const chunk = Buffer.from(line.repeat(64));
const chunks = 300;
const program = () => Readable.from(Array.from({ length: chunks }, () => chunk));

it('a program that is faster than its messages are worked off waits; nothing is lost', async () => {
  const output = new BoundedOutput(256_000);
  const reader = readerOf(program().pipe(output.stream));
  let handled = 0;
  for await (const message of output.follow(reader.messages)) {
    if (message.length === 999) handled++;
    if (handled % 100 === 0) for (let i = 0; i < 20; i++) await turn(); // a database that is slow for a moment
  }
  expect(handled).toBe(chunks * 64);
  expect(reader.most()).toBeLessThan(1_000);
  const unbounded = readerOf(program());
  for await (const _ of unbounded.messages) await turn();
  expect(unbounded.most()).toBeGreaterThan(1_000);
});

it('who stops listening lets the program go on', async () => {
  const output = new BoundedOutput(1_000);
  const source = program();
  const reader = readerOf(source.pipe(output.stream));
  for await (const _ of output.follow(reader.messages)) break;
  output.stream.resume();
  await once(source, 'end');
});
