import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { formatBytes, print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { Finding } from '#src/domain/clean-up.ts';

export function addClean(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'clean',
    description: 'remove what no task needs any more; work that is not merged is saved first',
    examples: ['sentra worktree clean --dry-run', 'sentra worktree clean'],
  })
    .option('--dry-run', 'only say what would be done')
    .action((options: JsonOption & { dryRun?: true }) => clean(io, options));
}

async function clean(io: Io, options: JsonOption & { dryRun?: true }): Promise<void> {
  const client = await io.client();
  const body = { dryRun: options.dryRun ?? false };
  const found = await client.cleanWorktrees({ body }, { signal: io.signal });
  print(io, options, found, ({ items }) => (items.length === 0 ? 'Nothing to clean up.' : report(io, items)));
  if (found.items.some((item) => item.problem)) io.exitCode = exitCodes.failed;
}

function report(io: Io, items: readonly Finding[]): string {
  const rows = items.map((item) => [item.action, item.kind, formatBytes(item.bytes), stateOf(item), item.path]);
  return `${table(io, ['ACTION', 'WHAT', 'SIZE', 'REASON', 'PATH'], rows)}\n${total(items)}`;
}

/** Links are shared between folders, so this is what the folders hold, and at most what the disk wins. */
function total(items: readonly Finding[]): string {
  const cleaned = items.filter((item) => !item.problem);
  const bytes = formatBytes(cleaned.reduce((sum, item) => sum + (item.bytes ?? 0), 0));
  return cleaned.every((item) => item.done) ? `${bytes} freed.` : `${bytes} would be freed; nothing was changed.`;
}

const stateOf = (item: Finding) => (item.problem ? `failed: ${item.problem}` : item.reason);
