import { presets } from '#src/agents/presets.ts';
import { describeAcpProgram } from './acp-program.ts';

describeAcpProgram({
  name: 'opencode',
  program: 'opencode',
  preset: presets['opencode-claude'],
  write: { name: 'write', input: { filePath: '{{cwd}}/hello.txt', content: 'hello\n' } },
  shell: (command) => ({ name: 'bash', input: { command, description: 'a command' } }),
});
