import { presets } from '#src/agents/presets.ts';
import { describeAcpProgram } from './acp-program.ts';
import { startGeminiModel } from './gemini-model.ts';

describeAcpProgram({
  name: 'gemini',
  program: 'gemini',
  preset: presets.gemini,
  startModel: startGeminiModel,
  kind: 'google_key',
  mayForget: true,
  hostEnv: { GEMINI_MODEL: 'gemini-2.5-pro' },
  write: { name: 'write_file', input: { file_path: 'hello.txt', content: 'hello\n' } },
  shell: (command) => ({ name: 'run_shell_command', input: { command, description: 'a command' } }),
});
