import path from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { colour, dim, pairs, plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { RestoreReport } from '#src/domain/backup.ts';

export function addRestore(program: Command, io: Io): void {
  addVerb(program, {
    name: 'restore <file>',
    description: 'bring a backup into a new SENTRA_HOME, and back into repositories the branches that they lack',
    examples: ['SENTRA_HOME=/srv/sentra sentra restore sentra.tar.gz', 'sentra restore sentra.tar.gz --json'],
  }).action((file: string, options: JsonOption) => restore(io, file, options));
}

async function restore(io: Io, file: string, options: JsonOption): Promise<void> {
  const onProgress = (line: string) => options.json || io.stderr(`${dim(io, plain(line))}\n`);
  const report = await io.restore({ file: path.resolve(io.cwd, file), onProgress, signal: io.signal });
  print(io, options, report, (done) => text(io, done));
  if (report.problems.length > 0) io.exitCode = exitCodes.failed;
}

const text = (io: Io, report: RestoreReport): string =>
  [
    pairs(io, [
      ['as of', report.createdAt],
      ['projects', report.projects],
      ['tasks', report.tasks],
      ['runs that were under way', report.interrupted],
      ...report.repositories.map(({ path: folder, said }) => [folder, said] as const),
    ]),
    ...report.problems.map((problem) => `${colour(io, 'waits', 'not back')}  ${plain(problem)}`),
    ...(report.interrupted > 0
      ? ['\nThose runs end at the next start; `npx sentra task retry` goes on with what they had finished.']
      : []),
    '\nStart it: npx sentra up. It makes a token of its own; those that you gave to people are valid as before.',
  ].join('\n');
