import { presets } from '#src/agents/presets.ts';
import { describeAcpProgram } from './acp-program.ts';
import { startChatModel } from './chat-model.ts';

const shell = (command: string) => ({
  name: 'run_shell_command',
  input: { command, is_background: false, description: 'a command' },
});

describeAcpProgram({
  name: 'qwen',
  program: 'qwen',
  preset: presets.qwen,
  startModel: startChatModel,
  kind: 'auth_token',
  hostEnv: { OPENAI_MODEL: 'gpt-5' },
  write: shell('echo hello > hello.txt'),
  shell,
});
