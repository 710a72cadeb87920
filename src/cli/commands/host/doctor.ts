import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { colour, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { Verification } from '#src/domain/verification.ts';

const tones = { ok: 'good', warning: 'waits', problem: 'bad' } as const;

type DoctorOptions = JsonOption & { verify?: true };

export function addDoctor(program: Command, io: Io): void {
  addVerb(program, {
    name: 'doctor',
    description: 'check what Sentra needs on this host, and say what is missing',
    examples: ['sentra doctor', 'sentra doctor --json', 'sentra doctor --verify'],
  })
    .option('--verify', 'check instead that nothing was lost, doubled or left over, whatever died before')
    .action((options: DoctorOptions) => (options.verify ? verify(io, options) : doctor(io, options)));
}

async function doctor(io: Io, options: JsonOption): Promise<void> {
  const answer = await io.doctor();
  print(io, options, answer, ({ checks }) =>
    checks.map((c) => `${colour(io, tones[c.state], c.state.padEnd(7))}  ${c.name}: ${c.message}`).join('\n'),
  );
  if (!answer.ok) io.exitCode = exitCodes.failed;
}

async function verify(io: Io, options: JsonOption): Promise<void> {
  const answer = await (await io.client()).verify();
  print(io, options, answer, ({ checks }) => checks.map((check) => describe(io, check)).join('\n'));
  if (!answer.ok) io.exitCode = exitCodes.failed;
}

function describe(io: Io, { name, ok, looked, problems }: Verification['checks'][number]): string {
  const state = ok ? colour(io, 'good', 'ok     ') : colour(io, 'bad', 'problem');
  return [`${state}  ${name} (${looked} looked at)`, ...problems.map((problem) => `         ${problem}`)].join('\n');
}
