import { presets } from '#src/agents/presets.ts';
import { describeAcpProgram } from './acp-program.ts';

describeAcpProgram({
  name: 'claude-agent-acp',
  program: 'claude-agent-acp',
  preset: presets['claude-acp'],
  write: { name: 'Write', input: { file_path: '{{cwd}}/hello.txt', content: 'hello\n' } },
  shell: (command) => ({ name: 'Bash', input: { command, description: 'a command' } }),
});
