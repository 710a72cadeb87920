import type { Command } from 'commander';
import { colour, dim, plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { StarterFile, StarterReport } from '#src/domain/starter.ts';

type Options = JsonOption & { dryRun?: true; force?: true };

export function addInit(program: Command, io: Io): void {
  addVerb(program, {
    name: 'init',
    description:
      'write a starting set into the repository: hooks and a command for Claude Code in .claude/, and a sentra.json',
    examples: ['sentra init --dry-run', 'sentra init', 'sentra init --force'],
  })
    .option('--dry-run', 'only say what would be written')
    .option('--force', 'replace files of the set that were changed')
    .action((options: Options) => init(io, options));
}

async function init(io: Io, options: Options): Promise<void> {
  const { dryRun = false, force = false } = options;
  print(io, options, await io.init({ cwd: io.cwd, dryRun, force }), (report) => text(io, report));
}

const tones = { created: 'good', merged: 'good', replaced: 'waits', unchanged: undefined, kept: 'waits' } as const;

function text(io: Io, { root, dryRun, files }: StarterReport): string {
  const head = dryRun ? `In ${plain(root)} init would do this:` : `In ${plain(root)}:`;
  const isNew = files.some(({ action }) => action !== 'unchanged' && action !== 'kept');
  const next = dryRun
    ? 'Nothing was written. Run it without --dry-run.'
    : isNew
      ? `Look at them, then commit: git add .claude sentra.json && git commit -m "Add Sentra's hooks"
Then \`npx sentra project add .\` registers the repository. Its agents load the hooks once you trust them (Settings, or \`npx sentra project trust\`);
what they do is also done by Sentra itself, with or without these files.`
      : 'Everything is in place already.';
  return [head, ...files.map((file) => line(io, file)), '', next].join('\n');
}

function line(io: Io, { path, action, note }: StarterFile): string {
  const tone = tones[action];
  const word = action.padEnd(9);
  return `  ${tone ? colour(io, tone, word) : dim(io, word)}  ${path}${note ? dim(io, `  (${plain(note)})`) : ''}`;
}
