/** Which agents there are and which one a phase gets. Drivers are made once per definition and kept. */
import { type AcpAgent, createAcpDriver } from '#src/agents/acp.ts';
import type { AgentPhase, Driver } from '#src/agents/agent.ts';
import { createClaudeDriver } from '#src/agents/claude.ts';
import { createCodexDriver } from '#src/agents/codex.ts';
import { createCommandDriver } from '#src/agents/command.ts';
import type { ModelAccess } from '#src/agents/gateway.ts';
import { gatewayTo, type Preset, presets } from '#src/agents/presets.ts';
import { accessBy, type Provider } from '#src/agents/provider.ts';
import { readModelScript, type ScriptedModel, startScriptedModel } from '#src/agents/scripted-model.ts';
import { type AgentChoice, type AgentDefinition, explainChoice } from '#src/domain/agent-definition.ts';
import type { AgentInfo } from '#src/domain/agent-info.ts';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import { nearest } from '#src/domain/project-config.ts';
import { SentraError } from '#src/errors.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

export type Agents = {
  /** `name` is the task's own choice; without it the phase's, then the project's, then `claude`. */
  driverFor(name: string | null, config: ProjectConfig, phase: AgentPhase): { name: string; driver: Driver };
  /** Why what a task asks for cannot be given to the agent of one of these phases; one that nobody defined is passed over. */
  explainChoice(
    task: { agent: string | null } & AgentChoice,
    config: ProjectConfig,
    phases: readonly AgentPhase[],
  ): string | undefined;
  /** Every agent that a task of the project may name, as it is on this host. */
  list(config?: ProjectConfig): Promise<AgentInfo[]>;
  close(): Promise<void>;
};

type Options = {
  sandbox: Sandbox;
  model: ModelAccess;
  demoScriptPath: string;
  /** Further built-in agents. */
  more?: Record<string, AgentDefinition>;
  /** The variables of the server: where programs are, and logins that agents may be given. */
  hostEnv?: Readonly<Record<string, string>>;
  /** Names of variables and files (`~/…`) that a project's sentra.json may give to its agents. */
  logins?: readonly string[];
};

type AcpDefinition = Extract<AgentDefinition, { kind: 'acp' }>;
type Entry = { kind: string; title: string | null; source: AgentInfo['source']; driver: () => Driver };

/** `demo` is Claude Code on the script at `demoScriptPath`. */
export function createAgents(options: Options): Agents {
  const { sandbox, hostEnv = {} } = options;
  const demoModel = scriptedOnFirstUse(options.demoScriptPath);
  const demo = createClaudeDriver({ sandbox, model: demoModel.access, credential: 'demo', definition: {} });
  const made = new Map<string, Driver & { close?(): Promise<void> }>();
  const once = (key: string, create: () => Driver): Driver => {
    const driver = made.get(key) ?? create();
    made.set(key, driver);
    return driver;
  };
  const accessTo = (provider: Provider = 'anthropic') =>
    provider === 'anthropic' ? options.model : accessBy(provider, hostEnv);
  const createAcp = (agent: AcpAgent) => {
    const access = accessTo(agent.gateway?.provider);
    return createAcpDriver({ sandbox, agent, model: async () => access, hostEnv, searchPath: hostEnv.PATH });
  };
  const createPreset = ({ title: _title, withKey, ...agent }: Preset) =>
    createAcp(withKey && accessTo(withKey.gateway.provider).credential ? { ...agent, ...withKey } : agent);
  const create = (definition: AgentDefinition): Driver => {
    if (definition.kind === 'command') return createCommandDriver({ sandbox, definition });
    if (definition.kind === 'claude') return createClaudeDriver({ sandbox, model: options.model, definition });
    if (definition.kind === 'codex') return createCodexDriver({ sandbox, definition, hostEnv });
    return createAcp(acpAgentOf(definition, options.logins ?? []));
  };
  const entry = (definition: AgentDefinition, source: Entry['source'], title: string | null = null): Entry => ({
    kind: definition.kind,
    title,
    source,
    driver: () => once(JSON.stringify(definition), () => create(definition)),
  });
  const entriesFor = (config: ProjectConfig | undefined): Record<string, Entry> => ({
    claude: entry({ kind: 'claude' }, 'builtin', 'Claude Code'),
    demo: { kind: 'claude', title: 'Claude Code on a script', source: 'builtin', driver: () => demo },
    ...mapValues(options.more ?? {}, (definition) => entry(definition, 'builtin')),
    codex: entry({ kind: 'codex' }, 'preset', 'Codex'),
    ...mapValues(presets, (preset) => ({
      kind: 'acp',
      title: preset.title,
      source: 'preset' as const,
      driver: () => once(`preset ${preset.title}`, () => createPreset(preset)),
    })),
    ...mapValues(ownDefinitions(config), (definition) => entry(definition, 'project')),
  });
  const nameFor = (name: string | null, config: ProjectConfig, phase: AgentPhase): string =>
    name ?? phaseChoice(config, phase) ?? config.agents.default ?? 'claude';
  return {
    driverFor(name, config, phase) {
      const chosen = nameFor(name, config, phase);
      const entries = entriesFor(config);
      const found = Object.hasOwn(entries, chosen) ? entries[chosen] : undefined;
      if (!found) throw unknownAgent(chosen, Object.keys(entries));
      return { name: chosen, driver: found.driver() };
    },
    explainChoice(task, config, phases) {
      const entries = entriesFor(config);
      const names = new Set(phases.map((phase) => nameFor(task.agent, config, phase)));
      for (const name of names) {
        const found = Object.hasOwn(entries, name) ? entries[name] : undefined;
        const problem = found && explainChoice(name, found.driver().capabilities, task);
        if (problem) return problem;
      }
      return undefined;
    },
    list: async (config) =>
      await Promise.all(Object.entries(entriesFor(config)).map(([name, found]) => describe(name, found))),
    async close() {
      for (const driver of [demo, ...made.values()]) await driver.close?.();
      await demoModel.close();
    },
  };
}

async function describe(name: string, { kind, title, source, driver }: Entry): Promise<AgentInfo> {
  const { capabilities, ...agent } = driver();
  const reason = (await agent.unavailable()) ?? null;
  const installation = await agent.installation();
  return { name, kind, title, source, available: reason === null, reason, ...installation, capabilities };
}

const mapValues = <From, To>(values: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));

/** A repository may not help itself to what the server was given: its definition gets what the server's owner lets it have. */
function acpAgentOf({ kind: _kind, gateway, ...definition }: AcpDefinition, allowed: readonly string[]): AcpAgent {
  const { variables, files } = definition.login;
  const refused = [...variables, ...files].filter((name) => !allowed.includes(name));
  return {
    ...definition,
    gateway: gateway === 'none' ? undefined : gatewayTo(gateway),
    refusal: refused.length
      ? `Its definition names ${refused.join(', ')}, which the server does not give to projects: name it in SENTRA_AGENT_LOGINS for the server and restart it.`
      : undefined,
  };
}

function ownDefinitions(config: ProjectConfig | undefined): Record<string, AgentDefinition> {
  const { default: _default, phases: _phases, ...definitions } = config?.agents ?? {};
  return definitions as Record<string, AgentDefinition>;
}

/** The agent named for a phase; solving conflicts is work on code, and analysis is planning. */
function phaseChoice(config: ProjectConfig, phase: AgentPhase): string | undefined {
  const { phases } = config.agents;
  if (phase === 'CONFLICT') return phases?.code;
  if (phase === 'ANALYZE') return phases?.plan;
  return phases?.[phase.toLowerCase() as 'plan' | 'code' | 'test' | 'review'];
}

function unknownAgent(name: string, valid: readonly string[]): SentraError {
  const near = nearest(name, valid);
  const hint = near ? `Did you mean "${near}"?` : `Define it under agents in sentra.json, or name one that there is.`;
  return new SentraError('agent_not_found', `There is no agent "${name}". ${hint} Valid are ${valid.join(', ')}.`);
}

function scriptedOnFirstUse(scriptPath: string) {
  let started: Promise<ScriptedModel> | undefined;
  const start = async () => startScriptedModel({ script: await readModelScript(scriptPath) });
  return {
    access: async (): Promise<ModelAccess> => {
      started ??= start();
      return { baseUrl: (await started).url, credential: { kind: 'api_key', secret: 'scripted' } };
    },
    close: async () => (await started)?.close(),
  };
}
