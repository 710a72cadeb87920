import type { Command } from 'commander';
import { formatBytes, print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the worktrees and why they exist, or the work that was saved before some were removed',
    examples: ['sentra worktree list', 'sentra worktree list --saved'],
  })
    .option('--saved', 'list saved work instead')
    .action((options: JsonOption & { saved?: true }) => (options.saved ? listSaved(io, options) : list(io, options)));
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  print(io, options, await client.listWorktrees(undefined, { signal: io.signal }), ({ items }) =>
    items.length === 0
      ? 'No worktrees.'
      : table(
          io,
          ['TASK', 'STATE', 'SIZE', 'SHARED', 'BRANCH', 'WORK', 'REASON', 'PATH'],
          items.map((w) => [
            w.taskId ?? '-',
            w.state,
            formatBytes(w.bytes),
            formatBytes(w.sharedBytes),
            w.branchName ?? '-',
            workOf(w),
            w.reason,
            w.path,
          ]),
        ),
  );
}

async function listSaved(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  print(io, options, await client.listSaved(undefined, { signal: io.signal }), ({ items }) =>
    items.length === 0
      ? 'No saved work.'
      : table(
          io,
          ['TASK', 'SAVED', 'SIZE', 'FILE'],
          items.map((s) => [s.taskId, s.at, formatBytes(s.bytes), s.path]),
        ),
  );
}

const workOf = (w: { dirty: boolean; unmerged: boolean }) =>
  [w.dirty ? 'dirty' : '', w.unmerged ? 'unmerged' : ''].filter(Boolean).join(', ') || '-';
