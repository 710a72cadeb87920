import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addMerges(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'merges [project]',
    description: 'what merges next in a project, and what was refused',
    examples: ['sentra project merges', 'sentra project merges shop --json'],
  }).action((given: string | undefined, options: JsonOption) => list(io, given, options));
}

async function list(io: Io, given: string | undefined, options: JsonOption): Promise<void> {
  const client = await io.client();
  const project = await getProject(client, given, io.cwd);
  const answer = await client.listMergeQueue({ query: { projectId: project.id } }, { signal: io.signal });
  print(io, options, answer, ({ items }) =>
    items.length === 0
      ? 'Nothing waits to be merged: `npx sentra task merge ID` asks for it.'
      : table(
          io,
          ['TASK', 'STATE', 'BEFORE IT', 'TITLE', 'WHY'],
          items.map((one) => [
            one.taskId,
            one.state,
            one.ahead === null ? '' : `${one.ahead}`,
            one.title,
            firstLine(one.message),
          ]),
        ),
  );
}

const firstLine = (text: string | null): string => text?.split('\n', 1)[0] ?? '';
