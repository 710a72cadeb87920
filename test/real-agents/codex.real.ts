import { createCodexDriver } from '#src/agents/codex.ts';
import { describeDriver } from '../agents/driver-contract.ts';
import { testGoingOn } from './goes-on.ts';
import { programOf } from './installed.ts';
import { startResponsesModel } from './responses-model.ts';
import { scriptsFor, type ToolUse } from './scripts.ts';

const shell = (cmd: string): ToolUse => ({ name: 'exec_command', input: { cmd } });
const hands = {
  write: shell('echo hello > hello.txt'),
  shell,
  last: [
    { text: 'All is written.', tool_use: [shell('true')] },
    { text: '{"summary":"It says hello.","verdict":"approve"}' },
  ],
};

testGoingOn({
  name: 'codex',
  write: hands.write,
  patienceMs: 90_000,
  async open(sandbox) {
    const model = await startResponsesModel({ turns: [] });
    const hostEnv = { OPENAI_API_KEY: 'the-real-key', OPENAI_BASE_URL: model.url };
    const program = programOf('codex', 'codex');
    return { create: () => createCodexDriver({ sandbox, definition: { model: 'gpt-5' }, hostEnv, program }), model };
  },
});

const opened: { close(): Promise<void> }[] = [];
describeDriver({
  name: 'codex',
  confined: true,
  patienceMs: 90_000,
  async driver(behaviour, { sandbox, word }) {
    const model = await startResponsesModel(scriptsFor(hands, word)[behaviour]);
    const hostEnv = { OPENAI_API_KEY: 'the-real-key', OPENAI_BASE_URL: model.url };
    const driver = createCodexDriver({
      sandbox,
      definition: { model: 'gpt-5' },
      hostEnv,
      program: programOf('codex', 'codex'),
    });
    opened.push(driver, model);
    return driver;
  },
  close: async () => {
    for (const one of opened) await one.close();
  },
});
