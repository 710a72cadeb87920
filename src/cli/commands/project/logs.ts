import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { addLogOptions, type LogOptions, selectionOf } from '#src/cli/log-options.ts';
import { lineText } from '#src/cli/log-text.ts';
import { dim, oneLine, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, positive } from '#src/cli/verb.ts';
import type { ProjectLogLine } from '#src/domain/log.ts';

type Options = JsonOption & LogOptions & { limit: number };

export function addLogs(noun: Command, io: Io): void {
  const verb = addVerb(noun, {
    name: 'logs [project]',
    description: 'search the logs of all tasks of a project, newest line first',
    examples: [
      'sentra project logs --search ECONNREFUSED',
      'sentra project logs shop --level error --since 1d --json',
      'sentra project logs --search "port \\d+ is taken" --regex --limit 20',
    ],
  });
  addLogOptions(verb)
    .option('--limit <count>', 'at most so many lines', positive, 200)
    .action((given: string | undefined, options: Options) => logs(io, given, options));
}

async function logs(io: Io, given: string | undefined, options: Options): Promise<void> {
  const selection = selectionOf(options);
  const client = await io.client();
  const { id: projectId } = await getProject(client, given, io.cwd);
  const items: ProjectLogLine[] = [];
  let before: string | undefined;
  do {
    const limit = Math.min(1000, options.limit - items.length);
    const query = { projectId, ...selection, limit, ...(before ? { before } : {}) };
    const page = await client.searchLogs({ query }, { signal: io.signal });
    items.push(...page.items);
    before = page.nextBefore ?? undefined;
  } while (before && items.length < options.limit);
  print(io, options, { items, nextBefore: before ?? null }, () => textOf(io, items, before !== undefined));
}

function textOf(io: Io, items: readonly ProjectLogLine[], hasMore: boolean): string {
  if (items.length === 0) return 'No line of this project is like that: try fewer options, or a shorter text.';
  const lines = items.map(
    (line) => `${dim(io, `${line.taskId} ${line.seq} ${oneLine(line.taskTitle)}`)}\n  ${lineText(io, line)}`,
  );
  return [...lines, ...(hasMore ? [dim(io, 'There are more: raise --limit, or narrow it.')] : [])].join('\n');
}
