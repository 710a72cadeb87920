/** The contract suite on a real ACP program whose model is a script. */
import { type AcpAgent, createAcpDriver } from '#src/agents/acp.ts';
import { startScriptedModel } from '#src/agents/scripted-model.ts';
import { describeDriver } from '../agents/driver-contract.ts';
import { testGoingOn } from './goes-on.ts';
import { programOf } from './installed.ts';
import { type Hands, scriptsFor } from './scripts.ts';

type Program = Pick<Hands, 'write' | 'shell'> & { name: string; program: string; preset: AcpAgent | undefined };

const last = [{ text: 'All is written.\n```json\n{"summary":"It says hello.","verdict":"approve"}\n```' }];

export function describeAcpProgram({ name, program, preset, write, shell }: Program): void {
  const agent: AcpAgent = {
    env: {},
    login: { variables: [], files: [] },
    ...preset,
    command: [programOf(name, program), ...(preset?.command.slice(1) ?? [])],
  };
  const accessTo = (url: string) => async () => ({
    baseUrl: url,
    credential: { kind: 'api_key' as const, secret: 'the-real-key' },
  });
  testGoingOn({
    name,
    write,
    patienceMs: 90_000,
    async open(sandbox) {
      const model = await startScriptedModel({ script: { turns: [] } });
      return { create: () => createAcpDriver({ sandbox, agent, model: accessTo(model.url), hostEnv: {} }), model };
    },
  });
  const opened: { close(): Promise<void> }[] = [];
  describeDriver({
    name,
    confined: true,
    patienceMs: 90_000,
    async driver(behaviour, { sandbox, word }) {
      const model = await startScriptedModel({ script: scriptsFor({ write, shell, last }, word)[behaviour] });
      const driver = createAcpDriver({ sandbox, agent, model: accessTo(model.url), hostEnv: {} });
      opened.push(driver, model);
      return driver;
    },
    close: async () => {
      for (const one of opened) await one.close();
    },
  });
}
