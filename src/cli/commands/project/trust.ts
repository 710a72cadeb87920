import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { dim, plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { Client } from '#src/client/client.ts';
import { showName } from '#src/domain/display.ts';
import type { Trust } from '#src/domain/trust.ts';

type Options = JsonOption & { yes?: true; show?: true; forget?: true };

export function addTrust(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'trust [project]',
    description:
      'look at what the repository brings for agents (settings, hooks, MCP servers, instructions), and let it in',
    examples: ['sentra project trust', 'sentra project trust --show', 'sentra project trust shop --yes'],
  })
    .option('--show', 'print the text of every file')
    .option('--yes', 'trust what is there now: agents load exactly this, in their rooms')
    .option('--forget', 'take all trust back')
    .action((given: string | undefined, options: Options) => trust(io, given, options));
}

async function trust(io: Io, given: string | undefined, options: Options): Promise<void> {
  const client = await io.client();
  const project = await getProject(client, given, io.cwd);
  const answer = await act(client, project.id, options, io.signal);
  print(io, options, answer, (shown) =>
    textOf(io, { name: project.name, trust: shown, withText: options.show === true }),
  );
}

async function act(client: Client, id: string, { yes, forget }: Options, signal: AbortSignal): Promise<Trust> {
  if (forget) return client.distrustProject({ params: { id } }, { signal });
  const shown = await client.getTrust({ params: { id } }, { signal });
  const isOpen = shown.state === 'untrusted' || shown.state === 'refused';
  return yes && isOpen ? client.trustProject({ params: { id }, body: { hash: shown.hash } }, { signal }) : shown;
}

type Shown = { name: string; trust: Trust; withText: boolean };

function textOf(io: Io, { name, trust, withText }: Shown): string {
  const changes = new Map(trust.changed.map(({ path, change }) => [path, change]));
  const files = trust.files.map((file) => {
    const line = `  ${showName(file.path)}  ${dim(io, [file.kind, `${file.bytes} bytes`, changes.get(file.path) ?? ''].filter(Boolean).join(', '))}`;
    return withText ? `${line}\n${indented(file.text ?? '(no text)')}` : line;
  });
  const gone = trust.changed
    .filter(({ change }) => change === 'removed')
    .map(({ path }) => `  ${showName(path)}  removed`);
  const problems = trust.problems.map((problem) => `  ${showName(problem)}`);
  return [sentences[trust.state](name, trust), ...files, ...gone, ...problems].join('\n');
}

const sentences: Record<Trust['state'], (name: string, trust: Trust) => string> = {
  nothing: (name) => `${name} brings nothing for agents: no settings, hooks, MCP servers or instructions.`,
  trusted: (name, { trustedAt }) => `Agents load this from ${name}, in their rooms. Trusted on ${trustedAt}:`,
  untrusted: (name, { changed }) =>
    changed.length > 0
      ? `${name} has changed since you trusted it, so agents load none of this. \`npx sentra project trust --yes\` lets it in:`
      : `Agents load none of this from ${name}. Look at it with --show; \`npx sentra project trust --yes\` lets it in:`,
  refused: (name) =>
    `What ${name} brings for agents cannot be trusted, so they load none of it; the reasons come last:`,
};

const indented = (text: string): string =>
  plain(text)
    .trimEnd()
    .split('\n')
    .map((line) => `    | ${line}`)
    .join('\n');
