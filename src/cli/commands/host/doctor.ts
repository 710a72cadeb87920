import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { colour, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

const tones = { ok: 'good', warning: 'waits', problem: 'bad' } as const;

export function addDoctor(program: Command, io: Io): void {
  addVerb(program, {
    name: 'doctor',
    description: 'check what Sentra needs on this host, and say what is missing',
    examples: ['sentra doctor', 'sentra doctor --json'],
  }).action((options: JsonOption) => doctor(io, options));
}

async function doctor(io: Io, options: JsonOption): Promise<void> {
  const answer = await io.doctor();
  print(io, options, answer, ({ checks }) =>
    checks.map((c) => `${colour(io, tones[c.state], c.state.padEnd(7))}  ${c.name}: ${c.message}`).join('\n'),
  );
  if (!answer.ok) io.exitCode = exitCodes.failed;
}
