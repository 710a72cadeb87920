import type { Command } from 'commander';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the workers and what they have at work',
    examples: ['sentra worker list'],
  }).action((options: JsonOption) => list(io, options));
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  const answer = await client.listWorkers(undefined, { signal: io.signal });
  print(io, options, answer, ({ items }) =>
    items.length
      ? table(
          io,
          ['WORKER', 'STATE', 'RUNNING', 'SLOTS', 'HOST', 'PID', 'LAST SEEN'],
          items.map((w) => [w.id, w.state, String(w.running), String(w.slots), w.host, String(w.pid), w.seenAt]),
        )
      : 'There is no worker: `npx sentra worker` starts one.',
  );
}
