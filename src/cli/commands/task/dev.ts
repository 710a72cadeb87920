import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { plain, print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import { type DevServer, isUp } from '#src/domain/dev-server.ts';

type Options = JsonOption & { stop?: true; list?: true };
type Shown = DevServer & { link: string | null };

export function addDev(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'dev',
    description: "start a task's dev servers and print links that open them, or stop them",
    examples: ['sentra task dev 01234567', 'sentra task dev 01234567 frontend', 'sentra task dev 01234567 --stop'],
  })
    .addArgument(taskArgument())
    .argument('[names...]', 'those of sentra.json that are meant; the default is all')
    .option('--stop', 'stop them')
    .option('--list', 'only show how they are')
    .action((given: string, names: string[], options: Options) => dev(io, given, { ...options, names }));
}

async function dev(io: Io, given: string, options: Options & { names: string[] }): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const request = { params: { id }, body: options.names.length ? { names: options.names } : {} };
  const call = options.list ? client.listDevServers : options.stop ? client.stopDevServers : client.startDevServers;
  const { items } = await call(request, { signal: io.signal });
  const shown: Shown[] = [];
  for (const item of items) shown.push({ ...item, link: await linkTo(item) });
  print(io, options, { items: shown }, (answer) => lines(io, answer.items));

  async function linkTo({ name, state }: DevServer): Promise<string | null> {
    if (options.stop || !isUp(state)) return null;
    return (await client.createDevServerLink({ params: { id, name } }, { signal: io.signal })).url;
  }
}

function lines(io: Io, items: readonly Shown[]): string {
  if (items.length === 0)
    return 'The project has no dev servers: say under "dev" in its sentra.json how one is started.';
  const rows = items.map((item) => [item.name, item.state, `${item.port ?? ''}`, item.url ?? '']);
  const messages = items.flatMap(({ name, message }) => (message ? [`\n${name}: ${plain(message)}`] : []));
  const links = items.flatMap(({ link }) => (link ? [`  ${link}`] : []));
  const told = links.length ? ['\nOpen (each link works once, for a minute):', ...links] : [];
  return [table(io, ['NAME', 'STATE', 'PORT', 'URL'], rows), ...messages, ...told].join('\n');
}
