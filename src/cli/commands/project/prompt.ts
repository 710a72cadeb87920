import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Argument, type Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { dim, plain, print, table } from '#src/cli/output.ts';
import { addNoun, addVerb, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';
import { type Prompt, type PromptRole, promptRoles } from '#src/domain/prompt.ts';
import { messageOf, SentraError } from '#src/errors.ts';

type Options = JsonOption & { project?: string };

const roleArgument = (name: string) =>
  new Argument(name, `one of ${promptRoles.join(', ')}`).argParser((given) => given.toUpperCase() as PromptRole);

/** `project prompt show|set|reset`: what the agents of a project are told. */
export function addPrompt(noun: Command, io: Io): void {
  const prompt = addNoun(noun, 'prompt', 'what the agents of a project are told in each role').addHelpText(
    'after',
    '\nExamples:\n  $ npx sentra project prompt show code',
  );
  addVerb(prompt, {
    name: 'show',
    description: 'show all roles, or the text of one with its variables and versions',
    examples: ['sentra project prompt show', 'sentra project prompt show code'],
  })
    .addArgument(roleArgument('[role]'))
    .addOption(projectOption())
    .action((role: PromptRole | undefined, options: Options) => show(io, role, options));
  addVerb(prompt, {
    name: 'set',
    description: 'tell the agents in a role what stands in a file, from the next session on',
    examples: ['sentra project prompt show code > code.md', 'sentra project prompt set code code.md'],
  })
    .addArgument(roleArgument('<role>'))
    .argument('<file>', 'the text, with variables like {{title}}')
    .addOption(projectOption())
    .action((role: PromptRole, file: string, options: Options) => set(io, { role, file }, options));
  addVerb(prompt, {
    name: 'reset',
    description: 'go back to the default in a role; the versions stay',
    examples: ['sentra project prompt reset code'],
  })
    .addArgument(roleArgument('<role>'))
    .addOption(projectOption())
    .action((role: PromptRole, options: Options) => put(io, { role, text: null }, options));
}

async function show(io: Io, role: PromptRole | undefined, options: Options): Promise<void> {
  const client = await io.client();
  const { id } = await getProject(client, options.project, io.cwd);
  if (role === undefined)
    return print(io, options, await client.listPrompts({ params: { id } }, { signal: io.signal }), ({ items }) =>
      table(
        io,
        ['ROLE', 'TEXT'],
        items.map((item) => [item.role, stateOf(item)]),
      ),
    );
  const found = await client.getPrompt({ params: { id, role } }, { signal: io.signal });
  // The text alone on a pipe, so that it can be edited and set again.
  print(io, options, found, (prompt) => (io.isTTY ? `${plain(prompt.text)}\n\n${factsOf(io, prompt)}` : prompt.text));
}

const stateOf = ({ isDefault, version }: Prompt): string => (isDefault ? 'the default' : `version ${version}`);

function factsOf(io: Io, prompt: Prompt): string {
  const names = prompt.variables.map(({ name, meaning }) => `  {{${name}}}  ${meaning}`);
  return dim(io, [`${prompt.role} is ${stateOf(prompt)}. Variables:`, ...names].join('\n'));
}

async function set(io: Io, { role, file }: { role: PromptRole; file: string }, options: Options): Promise<void> {
  const whole = path.resolve(io.cwd, file);
  const text = await readFile(whole, 'utf8').catch((e) => {
    throw new SentraError('invalid', `The prompt could not be read from ${whole}: ${messageOf(e)}`);
  });
  await put(io, { role, text }, options);
}

async function put(io: Io, { role, text }: { role: PromptRole; text: string | null }, options: Options): Promise<void> {
  const client = await io.client();
  const { id } = await getProject(client, options.project, io.cwd);
  const kept = await client.putPrompt({ params: { id, role }, body: { text } }, { signal: io.signal });
  print(io, options, kept, (prompt) => `${prompt.role} is ${stateOf(prompt)} from the next session on.`);
}
