/**
 * The driver for Claude Code, by the Agent SDK. Each session is fresh, or a fork of one that a limit ended; it runs in its own room and
 * sees only the model gateway: never the credential, never the settings of the repository or of the host. The SDK is loaded when it is
 * needed.
 */
import { mkdir } from 'node:fs/promises';
import type { Driver, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { findClaudeProgram, findClaudeVersion, programFolder } from '#src/agents/claude-program.ts';
import { type ClaudeDefinition, ClaudeSession } from '#src/agents/claude-session.ts';
import { keepsConversation } from '#src/agents/conversation-file.ts';
import type { ModelAccess } from '#src/agents/gateway.ts';
import { baseEnvironment, endOf, noModelKey, rateLimited } from '#src/agents/session.ts';
import { createGateways } from '#src/agents/session-gateway.ts';
import { type AgentCapabilities, Effort } from '#src/domain/agent-definition.ts';
import type { Command } from '#src/process.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

export type ClaudeDriver = Driver & { close(): Promise<void> };

type Setup = {
  sandbox: Sandbox;
  /** Asked again for every request to the model. */
  model: ModelAccess | (() => Promise<ModelAccess>);
  /** A name for who pays; the default is `claude`. */
  credential?: string;
  definition: ClaudeDefinition;
  /** How often the agent itself tries a model that is overloaded; the default is 10. */
  retries?: number;
};

export const claudeCapabilities: AgentCapabilities = {
  answer: 'schema',
  messages: 'next_turn',
  interrupt: true,
  resume: true,
  hooks: true,
  hookSocket: true,
  budget: true,
  cost: 'counted',
  model: true,
  effort: true,
  efforts: Effort.options,
  maxTurns: true,
  gateway: true,
};

export function createClaudeDriver(setup: Setup): ClaudeDriver {
  const access = async () => (typeof setup.model === 'function' ? await setup.model() : setup.model);
  const gateways = createGateways(access, 'anthropic');
  return {
    credential: setup.credential ?? 'claude',
    capabilities: claudeCapabilities,
    unavailable: async () => (await findProblem(access))?.message,
    installation: async () => ({
      installed: findClaudeProgram() !== undefined,
      loggedIn: (await access()).credential !== null,
      version: findClaudeVersion() ?? null,
    }),
    remembers: ({ agentSessionId, homePath }) => keepsConversation(homePath, '.claude/projects/*/', agentSessionId),
    async run(request, onEvent, signal) {
      const problem = await findProblem(access);
      if (problem) return problem;
      const { credential } = await access();
      const until = gateways.limitedUntil();
      if (until) return rateLimited(until);
      const gateway = await gateways.open(request.confined ? 'socket' : 'loopback', onEvent);
      try {
        const command = await prepareCommand(setup, request, { gateway: gateway.address, kind: credential?.kind });
        const session = new ClaudeSession({
          definition: chosen(setup.definition, request),
          request,
          command,
          gateway,
          onEvent,
        });
        return await session.run(signal);
      } finally {
        await gateway.close();
      }
    },
    close: gateways.close,
  };
}

/** What the task asks for stands over the definition. */
const chosen = (definition: ClaudeDefinition, { model, effort }: SessionRequest): ClaudeDefinition => ({
  ...definition,
  ...(model === undefined ? {} : { model }),
  ...(effort === undefined ? {} : { effort: Effort.parse(effort) }),
});

async function findProblem(access: () => Promise<ModelAccess>): Promise<SessionEnd | undefined> {
  if (!findClaudeProgram())
    return endOf(
      'not_found',
      'Claude Code is not installed: npm install @anthropic-ai/claude-agent-sdk (with its optional packages), then restart.',
    );
  if ((await access()).credential) return undefined;
  return endOf('auth', noModelKey);
}

/** The agent's program, confined or not; the SDK's arguments are appended to it. */
async function prepareCommand(
  { sandbox, retries }: Setup,
  request: SessionRequest,
  model: { gateway: string; kind: NonNullable<ModelAccess['credential']>['kind'] | undefined },
): Promise<Command> {
  const program = findClaudeProgram() ?? 'claude';
  const placeholder = model.kind === 'oauth' ? 'CLAUDE_CODE_OAUTH_TOKEN' : 'ANTHROPIC_API_KEY';
  const env = {
    ...baseEnvironment(request),
    ...request.hooks?.env,
    ANTHROPIC_BASE_URL: request.confined ? `http://127.0.0.1:${sandbox.modelPort}` : model.gateway,
    [placeholder]: 'kept-by-sentra',
    CLAUDE_CODE_MAX_RETRIES: String(retries ?? 10),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    ...(request.confined ? { IS_SANDBOX: '1' } : {}),
  };
  const command: Command = { command: program, args: [], cwd: request.room.worktreePath, env };
  await mkdir(request.room.homePath, { recursive: true, mode: 0o700 });
  if (!request.confined) return command;
  const readable = [...(request.room.readable ?? []), programFolder(program)];
  return await sandbox.confine(command, { ...request.room, readable, network: 'proxy', modelSocket: model.gateway });
}
