/**
 * The driver for any program that speaks the Agent Client Protocol on its standard streams: an agent of kind `acp`. The whole
 * program runs in the session's room, so it needs no permissions, files or terminals of ours, and gets none.
 */
import { mkdir, rm } from 'node:fs/promises';
import { runAcpSession } from '#src/agents/acp-session.ts';
import type { Driver, SessionRequest } from '#src/agents/agent.ts';
import type { ModelAccess } from '#src/agents/gateway.ts';
import { bringLogin, findMissingLogin, type Login, variablesOf } from '#src/agents/login.ts';
import { findProgram, findVersion, foldersOf, packagesOf } from '#src/agents/program.ts';
import { type Provider, providers } from '#src/agents/provider.ts';
import { reach } from '#src/agents/reach.ts';
import { resultPathOf } from '#src/agents/result-file.ts';
import {
  baseEnvironment,
  endOf,
  explainLimit,
  factsOf,
  notFound,
  programPath,
  rateLimited,
} from '#src/agents/session.ts';
import { createGateways, type SessionGateway } from '#src/agents/session-gateway.ts';
import type { AgentCapabilities } from '#src/domain/agent-definition.ts';
import type { Command } from '#src/process.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

/** What is known of one program beyond its definition. */
export type AcpAgent = {
  command: readonly string[];
  model?: string | undefined;
  effort?: string | undefined;
  env: Readonly<Record<string, string>>;
  login: Login & { method?: string | undefined };
  /** Whose model it reaches through us, by the variables that tell it so. Undefined: it brings its own login. */
  gateway?: { provider: Provider; variables: (baseUrl: string, key: string) => Record<string, string> } | undefined;
  /** Hosts that its model is reached at, for programs that are known. */
  hosts?: readonly string[] | undefined;
  /** Why it may not be started, whatever is installed. */
  refusal?: string | undefined;
  /** How people log it in on this host. */
  howToLogIn?: string | undefined;
};

type Setup = {
  sandbox: Sandbox;
  agent: AcpAgent;
  model: () => Promise<ModelAccess>;
  /** The variables of the server, of which an agent is given those that its login names. */
  hostEnv: Readonly<Record<string, string>>;
  /** Where programs are looked for; the default is the host's usual folders. */
  searchPath?: string | undefined;
};

export const acpCapabilities = (agent: Pick<AcpAgent, 'gateway'>): AgentCapabilities => ({
  answer: 'told',
  messages: 'next_turn',
  interrupt: true,
  // Only as far as the program can load its sessions. Without the gateway its costs are its own word, which counts them from their beginning.
  resume: agent.gateway !== undefined,
  hooks: false,
  hookSocket: true,
  budget: false,
  cost: agent.gateway ? 'counted' : 'told',
  model: true,
  effort: true,
  maxTurns: false,
  gateway: agent.gateway !== undefined,
});

export function createAcpDriver(setup: Setup): Driver & { close(): Promise<void> } {
  const { agent, hostEnv } = setup;
  const [program = ''] = agent.command;
  const gateways = createGateways(setup.model, agent.gateway?.provider ?? 'anthropic');
  let cannotLoad = false;
  const find = (cwd: string, searchPath = setup.searchPath ?? programPath) => findProgram(program, searchPath, cwd);
  const findNoLogin = async () => {
    if (agent.gateway) return (await setup.model()).credential ? undefined : providers[agent.gateway.provider].noKey;
    const missing = findMissingLogin(agent.login, hostEnv);
    return missing && explainLogin(agent, missing);
  };
  return {
    credential: agent.gateway ? providers[agent.gateway.provider].credential : `acp ${program}`,
    capabilities: acpCapabilities(agent),
    async unavailable() {
      if (agent.refusal) return agent.refusal;
      if (!program.startsWith('.') && !find('/')) return notFound(program);
      return await findNoLogin();
    },
    async installation() {
      const found = find('/');
      return {
        installed: found !== undefined,
        loggedIn:
          agent.login.files.length || agent.login.variables.length || agent.gateway ? !(await findNoLogin()) : null,
        version: (found && findVersion(found)) ?? null,
      };
    },
    // What the program can is known once it was started: until then it is tried, and what it does not find begins afresh.
    remembers: async () => agent.gateway !== undefined && !cannotLoad,
    async run(request, onEvent, signal) {
      if (signal.aborted) return endOf('cancelled', explainLimit('cancelled', request));
      if (agent.refusal) return endOf('unable', agent.refusal);
      const found = find(request.room.worktreePath, request.env.PATH ?? setup.searchPath);
      if (!found) return endOf('not_found', notFound(program));
      const noLogin = await findNoLogin();
      if (noLogin) return endOf('auth', noLogin);
      const until = agent.gateway && gateways.limitedUntil();
      if (until) return rateLimited(until);
      await mkdir(request.room.homePath, { recursive: true, mode: 0o700 });
      const resultPath = resultPathOf({ sessionId: request.sessionId, homePath: request.room.homePath });
      const gateway = agent.gateway && (await gateways.open(request.confined ? 'socket' : 'loopback', onEvent));
      let takeLoginAway = async () => {};
      try {
        takeLoginAway = await bringLogin(agent.login, request.room.homePath);
        const command = await prepareCommand(setup, request, { program: found, gateway, resultPath });
        const howToLogIn = explainLogin(agent, 'its own login');
        const onLoads = (canLoad: boolean) => {
          cannotLoad = !canLoad;
        };
        const session = { request, command, agent, gateway, howToLogIn, resultPath, onLoads, onEvent };
        return await runAcpSession(session, signal);
      } finally {
        await gateway?.close();
        await takeLoginAway();
        await rm(resultPath, { recursive: true, force: true });
      }
    },
    close: gateways.close,
  };
}

const explainLogin = ({ command: [program = ''], howToLogIn }: AcpAgent, missing: string): string =>
  [
    `${program} is not logged in; it was looked for ${missing}.`,
    howToLogIn ?? `Log it in on this host, and name what it keeps of that under agents.<name>.login in sentra.json.`,
  ].join(' ');

type Found = { program: string; gateway: SessionGateway | undefined; resultPath: string };

async function prepareCommand(
  { sandbox, agent, hostEnv }: Setup,
  request: SessionRequest,
  { program, gateway, resultPath }: Found,
): Promise<Command> {
  const args = agent.command.slice(1);
  const baseUrl = request.confined ? `http://127.0.0.1:${sandbox.modelPort}` : (gateway?.address ?? '');
  const env: Record<string, string> = {
    ...baseEnvironment(request),
    ...agent.env,
    ...variablesOf(agent.login, hostEnv),
    ...(gateway ? agent.gateway?.variables(baseUrl, 'kept-by-sentra') : {}),
    ...factsOf(request),
    ...request.hooks?.env,
    ...(request.confined ? { IS_SANDBOX: '1' } : {}),
    SENTRA_RESULT: resultPath,
  };
  const command: Command = { command: program, args, cwd: request.room.worktreePath, env };
  if (!request.confined) return command;
  const readable = [
    ...(request.room.readable ?? []),
    ...foldersOf([program, ...args], request.room.repositoryPath),
    ...packagesOf(program),
  ];
  return await sandbox.confine(command, {
    ...request.room,
    ...reach(agent.hosts ?? [], request.room.egress),
    readable,
    network: 'proxy',
    ...(gateway ? { modelSocket: gateway.address } : {}),
  });
}
