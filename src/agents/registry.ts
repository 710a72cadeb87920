/** Which agents there are and which one a phase gets. Drivers are made once per definition and kept. */
import type { AgentPhase, Driver } from '#src/agents/agent.ts';
import { type ClaudeDriver, createClaudeDriver } from '#src/agents/claude.ts';
import { createCommandDriver } from '#src/agents/command.ts';
import type { ModelAccess } from '#src/agents/gateway.ts';
import { readModelScript, type ScriptedModel, startScriptedModel } from '#src/agents/scripted-model.ts';
import type { AgentDefinition, ProjectConfig } from '#src/domain/project-config.ts';
import { nearest } from '#src/domain/project-config.ts';
import { SentraError } from '#src/errors.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

export type Agents = {
  /** `name` is the task's own choice; without it the phase's, then the project's, then `claude`. */
  driverFor(name: string | null, config: ProjectConfig, phase: AgentPhase): { name: string; driver: Driver };
  /** Every agent that a task of the project may name, and why it cannot be started where it cannot. */
  list(config?: ProjectConfig): Promise<{ name: string; kind: string; available: boolean; reason: string | null }[]>;
  close(): Promise<void>;
};

/** `demo` is Claude Code on the script at `demoScriptPath`; `more` are further built-in agents. */
export function createAgents(options: {
  sandbox: Sandbox;
  model: ModelAccess;
  demoScriptPath: string;
  more?: Record<string, AgentDefinition>;
}): Agents {
  const { sandbox } = options;
  const demoModel = scriptedOnFirstUse(options.demoScriptPath);
  const demo = createClaudeDriver({ sandbox, model: demoModel.access, credential: 'demo', definition: {} });
  const made = new Map<string, Driver & Partial<ClaudeDriver>>();
  const make = (definition: AgentDefinition): Driver => {
    const key = JSON.stringify(definition);
    const driver =
      made.get(key) ??
      (definition.kind === 'command'
        ? createCommandDriver({ sandbox, definition })
        : createClaudeDriver({ sandbox, model: options.model, definition }));
    made.set(key, driver);
    return driver;
  };
  const definitionsFor = (config: ProjectConfig | undefined): Record<string, AgentDefinition | 'demo'> => ({
    claude: { kind: 'claude' },
    demo: 'demo',
    ...options.more,
    ...ownDefinitions(config),
  });
  const driverOf = (definition: AgentDefinition | 'demo') => (definition === 'demo' ? demo : make(definition));
  return {
    driverFor(name, config, phase) {
      const chosen = name ?? phaseChoice(config, phase) ?? config.agents.default ?? 'claude';
      const definitions = definitionsFor(config);
      const definition = Object.hasOwn(definitions, chosen) ? definitions[chosen] : undefined;
      if (!definition) throw unknownAgent(chosen, Object.keys(definitions));
      return { name: chosen, driver: driverOf(definition) };
    },
    async list(config) {
      return await Promise.all(
        Object.entries(definitionsFor(config)).map(async ([name, definition]) => {
          const reason = (await driverOf(definition).unavailable()) ?? null;
          return { name, kind: definition === 'demo' ? 'claude' : definition.kind, available: reason === null, reason };
        }),
      );
    },
    async close() {
      for (const driver of [demo, ...made.values()]) await driver.close?.();
      await demoModel.close();
    },
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
  const hint = near ? `Did you mean "${near}"?` : `Define it under agents in sentra.json, or name one of these:`;
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
