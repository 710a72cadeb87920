/** What the model of a real agent does for each behaviour of the contract suite, with the tools that the agent offers it. */
import type { ModelScript, Turn } from '#src/agents/scripted-model.ts';
import type { Behaviour } from '../agents/driver-contract.ts';

export type ToolUse = NonNullable<Turn['tool_use']>[number];

export type Hands = {
  /** Writes `hello\n` to hello.txt. */
  write: ToolUse;
  shell: (command: string) => ToolUse;
  /** How it says that all is written, and answers. */
  last: Turn[];
};

export const scriptsFor = ({ write, shell, last }: Hands, word: string): Record<Behaviour, ModelScript> => ({
  works: {
    turns: [
      { text: 'I write the file.', tool_use: [write], usage: { input_tokens: 1200, output_tokens: 80 } },
      ...last,
    ],
  },
  environment: { turns: [{ tool_use: [shell('env > environment.txt')] }, { text: 'Done.' }] },
  silent: { turns: [{ hang: true }] },
  busy: { turns: [{ tool_use: [shell(`setsid node -e 'setInterval(() => {}, 60000)' ${word} & wait`)] }] },
  noisy: { turns: [{ always: true, text: 'Still here, {{n}}.', tool_use: [shell('echo again {{n}}')], delayMs: 100 }] },
  hears: { turns: [{ match: 'Be brief', text: 'I hear: Be brief.' }, { text: 'I hear the task.' }] },
  goesOn: {
    turns: [
      { match: 'Stop that', text: 'I hear: Stop that.' },
      { text: 'I begin.', tool_use: [shell('while :; do read -t 1 < /dev/zero; done')] },
    ],
  },
  fails: { turns: [{ error: { status: 400, times: 100, message: 'the disk is on fire' } }] },
});
