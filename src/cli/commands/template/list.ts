import type { Command } from 'commander';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, { name: 'list', description: 'list the templates', examples: ['sentra template list'] }).action(
    (options: JsonOption) => list(io, options),
  );
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  const answer = await client.listTemplates(undefined, { signal: io.signal });
  print(io, options, answer, ({ items }) =>
    items.length
      ? table(
          io,
          ['NAME', 'TYPE', 'PRIORITY', 'TITLE'],
          items.map(({ name, fields }) => [name, fields.type ?? '', fields.priority ?? '', fields.title ?? '']),
        )
      : 'There are no templates. `npx sentra template add NAME --title "…"` keeps one.',
  );
}
