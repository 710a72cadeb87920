/**
 * The driver for Codex by its command line, which gives more than its ACP adapter: answers held to a schema, and turns that go on
 * with what people write. With an OpenAI key for the server it sees the model gateway alone; else it brings its own login.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver, SessionRequest } from '#src/agents/agent.ts';
import { runCodexSession } from '#src/agents/codex-session.ts';
import { keepsConversation } from '#src/agents/conversation-file.ts';
import { bringLogin, findMissingLogin } from '#src/agents/login.ts';
import { findProgram, findVersion, foldersOf, packagesOf } from '#src/agents/program.ts';
import { accessBy, providers } from '#src/agents/provider.ts';
import { reach } from '#src/agents/reach.ts';
import { baseEnvironment, endOf, explainLimit, notFound, programPath, rateLimited } from '#src/agents/session.ts';
import { createGateways, type SessionGateway } from '#src/agents/session-gateway.ts';
import { strictSchema } from '#src/agents/strict-schema.ts';
import type { AgentCapabilities, AgentDefinition } from '#src/domain/agent-definition.ts';
import type { Command } from '#src/process.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

export type CodexDefinition = Omit<Extract<AgentDefinition, { kind: 'codex' }>, 'kind'>;

type Setup = {
  sandbox: Sandbox;
  definition: CodexDefinition;
  /** The variables of the server: its OPENAI_API_KEY and OPENAI_BASE_URL. */
  hostEnv: Readonly<Record<string, string>>;
  /** The program where it is not found by its name. */
  program?: string;
};

/** Without the gateway its costs are its own word, which counts a conversation that goes on from its first turn. */
export const codexCapabilities = (hasKey: boolean): AgentCapabilities => ({
  answer: 'schema',
  messages: 'next_turn',
  interrupt: false,
  resume: hasKey,
  hooks: false,
  hookSocket: false,
  budget: false,
  cost: hasKey ? 'counted' : 'told',
  model: true,
  effort: true,
  maxTurns: false,
  gateway: hasKey,
});

const login = { variables: [], files: ['~/.codex/auth.json'] };
const loginHosts = ['chatgpt.com', 'auth.openai.com', 'api.openai.com'];
const howToLogIn = 'Codex is not logged in: set OPENAI_API_KEY for the server, or run `codex login` on this host.';

export function createCodexDriver(setup: Setup): Driver & { close(): Promise<void> } {
  const { hostEnv, program = 'codex' } = setup;
  const access = accessBy('openai', hostEnv);
  const key = access.credential?.secret;
  const gateways = createGateways(async () => access, 'openai');
  const find = (cwd: string, path = hostEnv.PATH) => findProgram(program, path ?? programPath, cwd);
  const isLoggedIn = () => Boolean(key) || findMissingLogin(login, hostEnv) === undefined;
  return {
    credential: providers.openai.credential,
    capabilities: codexCapabilities(Boolean(key)),
    async unavailable() {
      if (!find('/')) return notFound(program);
      return isLoggedIn() ? undefined : howToLogIn;
    },
    async installation() {
      const found = find('/');
      return { installed: Boolean(found), loggedIn: isLoggedIn(), version: (found && findVersion(found)) ?? null };
    },
    remembers: async ({ agentSessionId, homePath }) =>
      Boolean(key) && keepsConversation(homePath, '.codex/sessions/**/', agentSessionId),
    async run(request, onEvent, signal) {
      const found = find(request.room.worktreePath, request.env.PATH);
      if (signal.aborted) return endOf('cancelled', explainLimit('cancelled', request));
      if (!found) return endOf('not_found', notFound(program));
      if (!isLoggedIn()) return endOf('auth', howToLogIn);
      const until = gateways.limitedUntil();
      if (until) return rateLimited(until);
      await mkdir(request.room.homePath, { recursive: true, mode: 0o700 });
      const gateway = key ? await gateways.open(request.confined ? 'socket' : 'loopback', onEvent) : undefined;
      let takeLoginAway = async () => {};
      let schemaPath: string | undefined;
      try {
        if (!key) takeLoginAway = await bringLogin(login, request.room.homePath);
        schemaPath = await writeSchema(request);
        const commandOf = (resumes?: string) =>
          prepareCommand(setup, request, { program: found, gateway, schemaPath, resumes });
        const model = request.model ?? setup.definition.model ?? null;
        return await runCodexSession({ request, commandOf, model, gateway, howToLogIn, onEvent }, signal);
      } finally {
        await gateway?.close();
        await takeLoginAway();
        if (schemaPath) await rm(schemaPath, { force: true });
      }
    },
    close: gateways.close,
  };
}

/** Of its session alone, by a name that nobody could know before. */
async function writeSchema({ answerSchema, room, sessionId }: SessionRequest): Promise<string | undefined> {
  if (!answerSchema) return undefined;
  const path = join(room.homePath, `answer-${sessionId}.json`);
  await writeFile(path, JSON.stringify(strictSchema(answerSchema)), { flag: 'wx' });
  return path;
}

type Parts = {
  program: string;
  gateway: SessionGateway | undefined;
  schemaPath: string | undefined;
  /** The thread that goes on. */
  resumes: string | undefined;
};

async function prepareCommand(
  { sandbox, definition }: Setup,
  request: SessionRequest,
  { program, gateway, schemaPath, resumes }: Parts,
): Promise<Command> {
  const { model = definition.model, effort = definition.effort } = request;
  const baseUrl = request.confined ? `http://127.0.0.1:${sandbox.modelPort}` : (gateway?.address ?? '');
  const args = [
    'exec',
    ...(resumes ? ['resume', resumes] : []),
    ...['--json', '--skip-git-repo-check'],
    ...(request.confined
      ? ['--dangerously-bypass-approvals-and-sandbox']
      : settings({ approval_policy: 'never', sandbox_mode: 'workspace-write' })),
    ...(schemaPath ? ['--output-schema', schemaPath] : []),
    ...(model ? ['--model', model] : []),
    ...settings({ ...(effort ? { model_reasoning_effort: effort } : {}), ...(gateway ? provider(baseUrl) : {}) }),
    '-',
  ];
  const env = { ...baseEnvironment(request), ...(gateway ? { SENTRA_MODEL_KEY: 'kept-by-sentra' } : {}) };
  const command: Command = { command: program, args, cwd: request.room.worktreePath, env };
  if (!request.confined) return command;
  return await sandbox.confine(command, {
    ...request.room,
    ...reach(gateway ? [] : loginHosts, request.room.egress),
    readable: [...(request.room.readable ?? []), ...foldersOf([program]), ...packagesOf(program)],
    network: 'proxy',
    ...(gateway ? { modelSocket: gateway.address } : {}),
  });
}

/** The model is reached through us, by the protocol that Codex speaks. */
const provider = (baseUrl: string): Record<string, string> => ({
  model_provider: 'sentra',
  'model_providers.sentra.name': 'Sentra',
  'model_providers.sentra.base_url': baseUrl,
  'model_providers.sentra.env_key': 'SENTRA_MODEL_KEY',
  'model_providers.sentra.wire_api': 'responses',
});

/** JSON strings are TOML strings. */
const settings = (values: Record<string, string>): string[] =>
  Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${JSON.stringify(value)}`]);
