import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { colour, dim, plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import type { Message } from '#src/domain/message.ts';
import { SentraError } from '#src/errors.ts';

export function addTell(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'tell',
    description: 'say something to the agent of a task, heard at its next turn; without a text, show what was said',
    examples: ['sentra task tell 01234567 "Keep the old name as an alias"', 'sentra task tell 01234567'],
  })
    .addArgument(taskArgument())
    .argument('[text]', 'what to say')
    .action((given: string, text: string | undefined, options: JsonOption) => tell(io, { given, text }, options));
}

export function addInterrupt(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'interrupt',
    description: 'end the turn that the agent of a task is in; it goes on with what you say',
    examples: ['sentra task interrupt 01234567', 'sentra task interrupt 01234567 --message "Not in this file"'],
  })
    .addArgument(taskArgument())
    .option('--message <text>', 'what the agent is told instead')
    .action((given: string, options: JsonOption & { message?: string }) => interrupt(io, given, options));
}

async function tell(
  io: Io,
  { given, text }: { given: string; text: string | undefined },
  options: JsonOption,
): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const { signal } = io;
  if (text === undefined) return list(io, await client.listMessages({ params: { id } }, { signal }), options);
  if (text.trim() === '') throw new SentraError('invalid', 'The text is empty: say something, or leave it out.');
  const sent = await client.sendMessage({ params: { id }, body: { text } }, { signal });
  print(
    io,
    options,
    sent,
    () => 'Kept. The agent hears it at its next turn; if none is at work, the next session does.',
  );
}

async function interrupt(io: Io, given: string, options: JsonOption & { message?: string }): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const body = options.message === undefined ? {} : { text: options.message };
  const sent = await client.interruptTask({ params: { id }, body }, { signal: io.signal });
  print(io, options, sent, () => 'The turn is being ended; the agent goes on with what was said.');
}

const list = (io: Io, answer: { items: Message[] }, options: JsonOption): void =>
  print(io, options, answer, ({ items }) =>
    items.length === 0
      ? 'Nothing was said to its agents yet: `npx sentra task tell ID TEXT`.'
      : items.map((message) => messageText(io, message)).join('\n'),
  );

function messageText(io: Io, { text, state, phase, createdAt, interrupt: stops }: Message): string {
  const mark =
    state === 'delivered' ? colour(io, 'good', `heard in ${phase ?? 'a session'}`) : colour(io, 'waits', 'waiting');
  return `${dim(io, createdAt)} ${mark}${stops ? ' (stopped the turn)' : ''}  ${plain(text)}`;
}
