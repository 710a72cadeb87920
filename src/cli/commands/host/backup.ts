import path from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { colour, dim, formatBytes, pairs, plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { BackupReport } from '#src/domain/backup.ts';

type Options = JsonOption & { repositories: boolean; force?: true };

export function addBackup(program: Command, io: Io): void {
  addVerb(program, {
    name: 'backup <file>',
    description:
      'write all that Sentra knows, saved work, artifacts and the branches of tasks into one file; also while it is at work',
    examples: [
      'sentra backup sentra.tar.gz',
      'sentra backup --no-repositories sentra.tar.gz',
      'sentra backup "sentra-$(date +%F).tar.gz" --json',
    ],
  })
    .option('--no-repositories', 'leave the branches of the repositories out, which then have to be kept otherwise')
    .option('--force', 'replace the file where it is there')
    .action((file: string, options: Options) => backup(io, file, options));
}

async function backup(io: Io, file: string, options: Options): Promise<void> {
  const { repositories, force = false } = options;
  const onProgress = (line: string) => options.json || io.stderr(`${dim(io, plain(line))}\n`);
  const report = await io.backUp({
    file: path.resolve(io.cwd, file),
    repositories,
    force,
    onProgress,
    signal: io.signal,
  });
  print(io, options, report, (done) => text(io, done));
  if (report.problems.length > 0) io.exitCode = exitCodes.failed;
}

const text = (io: Io, { file, bytes, projects, tasks, problems }: BackupReport): string =>
  [
    pairs(io, [
      ['file', file],
      ['size', formatBytes(bytes)],
      ['projects', projects],
      ['tasks', tasks],
    ]),
    ...problems.map((problem) => `${colour(io, 'waits', 'left out')}  ${plain(problem)}`),
    `
It is as secret as what your tasks and their logs say. Bring it back into a new home:
SENTRA_HOME=<folder> npx sentra restore ${plain(file)}`,
  ].join('\n');
