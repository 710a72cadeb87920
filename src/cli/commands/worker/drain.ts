import type { Command } from 'commander';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addDrain(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'drain <worker>',
    description: 'let a worker finish what it has and take nothing more; one that is no server then ends',
    examples: ['sentra worker drain worker-0123456789ab'],
  }).action((worker: string, options: JsonOption) => drain(io, worker, options));
}

async function drain(io: Io, worker: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const answer = await client.drainWorker({ params: { id: worker } }, { signal: io.signal });
  print(io, options, answer, ({ id, running }) => `${id} takes nothing more; ${running} at work.`);
}
