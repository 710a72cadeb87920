/** The contract suite on a real ACP program whose model is a script. */
import { type AcpAgent, createAcpDriver } from '#src/agents/acp.ts';
import type { ModelAccess } from '#src/agents/gateway.ts';
import type { Preset } from '#src/agents/presets.ts';
import { type ModelScript, type ScriptedModel, startScriptedModel } from '#src/agents/scripted-model.ts';
import { describeDriver } from '../agents/driver-contract.ts';
import { testGoingOn } from './goes-on.ts';
import { programOf } from './installed.ts';
import { type Hands, scriptsFor } from './scripts.ts';

type Program = Pick<Hands, 'write' | 'shell'> & {
  name: string;
  program: string;
  preset: Preset | undefined;
  startModel?: (script: ModelScript) => Promise<ScriptedModel>;
  /** Of the key that it is to be let in with. */
  kind?: NonNullable<ModelAccess['credential']>['kind'];
  /** Variables of the server that it is given besides. */
  hostEnv?: Record<string, string>;
  mayForget?: boolean;
};

const last = [{ text: 'All is written.\n```json\n{"summary":"It says hello.","verdict":"approve"}\n```' }];

const scripted = (script: ModelScript) => startScriptedModel({ script });

export function describeAcpProgram(tried: Program): void {
  const { name, program, preset, write, shell, startModel = scripted, kind = 'api_key', hostEnv = {} } = tried;
  const agent: AcpAgent = {
    env: {},
    login: { variables: [], files: [] },
    ...preset,
    ...preset?.withKey,
    command: [programOf(name, program), ...(preset?.command.slice(1) ?? [])],
  };
  const accessTo = (url: string) => async () => ({
    baseUrl: url,
    credential: { kind, secret: 'the-real-key' },
  });
  testGoingOn({
    name,
    write,
    patienceMs: 90_000,
    ...(tried.mayForget ? { mayForget: true } : {}),
    async open(sandbox) {
      const model = await startModel({ turns: [] });
      return { create: () => createAcpDriver({ sandbox, agent, model: accessTo(model.url), hostEnv }), model };
    },
  });
  const opened: { close(): Promise<void> }[] = [];
  describeDriver({
    name,
    confined: true,
    patienceMs: 90_000,
    async driver(behaviour, { sandbox, word }) {
      const model = await startModel(scriptsFor({ write, shell, last }, word)[behaviour]);
      const driver = createAcpDriver({ sandbox, agent, model: accessTo(model.url), hostEnv });
      opened.push(driver, model);
      return driver;
    },
    close: async () => {
      for (const one of opened) await one.close();
    },
  });
}
