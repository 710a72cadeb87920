import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import { showName } from '#src/domain/display.ts';
import type { Diff, DiffFile } from '#src/domain/pull-request.ts';

export function addDiff(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'diff',
    description: 'show what the branch of a task changes',
    examples: ['sentra task diff 01234567', "sentra task diff 01234567 --json | jq -r '.files[].path'"],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => diff(io, given, options));
}

async function diff(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.getDiff({ params: { id } }, { signal: io.signal }), forPeople);
}

function forPeople({ files, conflicts }: Diff): string {
  if (files.length === 0) return 'No changes.';
  const warnings = conflicts.map((c) => `conflicts with ${c.taskId}: ${c.paths.map(showName).join(', ')}`);
  return [...files.map(fileText), ...warnings].join('\n');
}

function fileText(file: DiffFile): string {
  const size = file.additions === null ? 'binary' : `+${file.additions} -${file.deletions}`;
  const name = file.oldPath ? `${showName(file.oldPath)} -> ${showName(file.path)}` : showName(file.path);
  const steers = file.steers ? `\n!!! changes ${file.steers}` : '';
  const cut = file.truncated ? '\n(too large to show in full)' : '';
  return `--- ${name} (${file.status}, ${size})${steers}\n${plain(file.patch).trimEnd()}${cut}`.trimEnd();
}
