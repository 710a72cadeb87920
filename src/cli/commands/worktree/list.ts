import type { Command } from 'commander';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the worktrees and why they exist',
    examples: ['sentra worktree list'],
  }).action((options: JsonOption) => list(io, options));
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  print(io, options, await client.listWorktrees(undefined, { signal: io.signal }), ({ items }) =>
    items.length === 0
      ? 'No worktrees.'
      : table(
          io,
          ['TASK', 'STATE', 'BRANCH', 'WORK', 'REASON', 'PATH'],
          items.map((w) => [w.taskId, w.state, w.branchName, workOf(w), w.reason, w.path]),
        ),
  );
}

const workOf = (w: { dirty: boolean; unmerged: boolean }) =>
  [w.dirty ? 'dirty' : '', w.unmerged ? 'unmerged' : ''].filter(Boolean).join(', ') || '-';
