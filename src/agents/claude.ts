/**
 * The driver for Claude Code, by the Agent SDK. Each session is fresh, runs in its own room and sees only the model
 * gateway: never the credential, never the settings of the repository or of the host. The SDK is loaded when it is needed.
 */
import { mkdir } from 'node:fs/promises';
import type { Options, SDKMessage, SDKResultMessage, SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import type { AgentEvent, Driver, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { authMessage, createTranslator, endOfResult, isAuthStatus, totalsOf } from '#src/agents/claude-events.ts';
import { findRateLimit, type RateLimit } from '#src/agents/claude-limits.ts';
import { findClaudeProgram, loadSdk, programFolder } from '#src/agents/claude-program.ts';
import { createLimit, type Gateway, type ModelAccess, startGateway } from '#src/agents/gateway.ts';
import { createUsageMeter, type UsageMeter } from '#src/agents/gateway-usage.ts';
import { baseEnvironment, endOf, explainLimit, killedMessage, rateLimited, watchLimits } from '#src/agents/session.ts';
import { createGate } from '#src/agents/start-gate.ts';
import { messageOf } from '#src/errors.ts';
import { type Command, endTree, start } from '#src/process.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

export type ClaudeDriver = Driver & { close(): Promise<void> };

type Setup = {
  sandbox: Sandbox;
  /** Asked again for every request to the model. */
  model: ModelAccess | (() => Promise<ModelAccess>);
  /** A name for who pays; the default is `claude`. */
  credential?: string;
  definition: { model?: string; maxTurns?: number };
  /** How often the agent itself tries a model that is overloaded; the default is 10. */
  retries?: number;
};

const tools = ['Read', 'Write', 'Edit', 'Bash', 'Grep', 'Glob'];
const startGate = createGate(2);

export function createClaudeDriver(setup: Setup): ClaudeDriver {
  const access = async () => (typeof setup.model === 'function' ? await setup.model() : setup.model);
  const limit = createLimit();
  const gateways = new Set<Gateway>();
  return {
    credential: setup.credential ?? 'claude',
    isCounted: true,
    unavailable: async () => (await findProblem(access))?.message,
    async run(request, onEvent, signal) {
      const problem = await findProblem(access);
      if (problem) return problem;
      const { credential } = await access();
      const until = limit.until();
      if (until) return rateLimited(until);
      const spending = followSpending(onEvent);
      const gateway = await startGateway(access, request.confined ? 'socket' : 'loopback', {
        limit,
        meter: spending.meter,
      });
      gateways.add(gateway);
      try {
        const command = await prepareCommand(setup, request, { gateway: gateway.address, kind: credential?.kind });
        const session = new ClaudeSession({ setup, request, command, gateway, spending, onEvent });
        return await session.run(signal);
      } finally {
        gateways.delete(gateway);
        await gateway.close();
      }
    },
    close: async () => {
      for (const gateway of gateways) await gateway.close();
      gateways.clear();
    },
  };
}

async function findProblem(access: () => Promise<ModelAccess>): Promise<SessionEnd | undefined> {
  if (!findClaudeProgram())
    return endOf(
      'not_found',
      'Claude Code is not installed: npm install @anthropic-ai/claude-agent-sdk (with its optional packages), then restart.',
    );
  if ((await access()).credential) return undefined;
  return endOf(
    'auth',
    'No credential for Claude is configured: set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN for the server and restart it.',
  );
}

/** The agent's program, confined or not; the SDK's arguments are appended to it. */
async function prepareCommand(
  { sandbox, retries }: Setup,
  request: SessionRequest,
  model: { gateway: string; kind: 'api_key' | 'auth_token' | 'oauth' | undefined },
): Promise<Command> {
  const program = findClaudeProgram() ?? 'claude';
  const placeholder = model.kind === 'oauth' ? 'CLAUDE_CODE_OAUTH_TOKEN' : 'ANTHROPIC_API_KEY';
  const env = {
    ...baseEnvironment(request),
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

type Spending = { meter: UsageMeter; tell(result: SDKResultMessage | undefined): Promise<void> };

/** Tells what answers took as they pass, and at the end what Claude Code itself makes of it. */
function followSpending(onEvent: (event: AgentEvent) => Promise<void>): Spending {
  let told: Promise<void> = Promise.resolve();
  const tell = (event: AgentEvent) => {
    told = told.then(() => onEvent(event));
    told.catch(() => {}); // thrown below, when it is awaited
    return told;
  };
  const meter = createUsageMeter((totals) => void tell({ kind: 'usage', totals, isWhole: false }));
  return {
    meter,
    async tell(result) {
      await told;
      const totals = result ? totalsOf(result) : [];
      // A crash of Claude Code is told with zeros: what was counted is nearer to the truth.
      const isEmpty = totals.every(({ inputTokens, outputTokens }) => inputTokens + outputTokens === 0);
      if (result && (!isEmpty || meter.totals().length === 0)) await tell({ kind: 'usage', totals, isWhole: true });
    },
  };
}

type Parts = {
  spending: Spending;
  setup: Setup;
  request: SessionRequest;
  command: Command;
  gateway: Gateway;
  onEvent: (event: AgentEvent) => Promise<void>;
};

/** One session from start to end. */
class ClaudeSession {
  readonly #parts: Parts;
  readonly #abort = new AbortController();
  #child: ReturnType<typeof start> | undefined;
  #refused = false;
  #limit: RateLimit | undefined;
  #result: SDKResultMessage | undefined;
  #listenerFailure: { cause: unknown } | undefined;
  #lastText = '';
  #stderr = '';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<SessionEnd> {
    const { request } = this.#parts;
    const leaveGate = await startGate.enter();
    const limits = watchLimits(request, () => this.#stop(), signal);
    let thrown: unknown;
    try {
      if (!limits.reached()) await this.#converse(leaveGate, limits.touch);
    } catch (e) {
      thrown = e; // the SDK throws after every result that is an error: the result tells more
    } finally {
      leaveGate();
      limits.stop();
      if (this.#child) await endTree(this.#child);
    }
    if (!this.#listenerFailure) await this.#parts.spending.tell(this.#result);
    if (this.#listenerFailure) throw this.#listenerFailure.cause;
    const limit = limits.reached();
    const words = { text: this.#lastText };
    if (limit && this.#result?.subtype !== 'success') return endOf(limit, explainLimit(limit, request), words);
    if (this.#refused) return endOf('auth', authMessage);
    if (this.#limit) return rateLimited(this.#limit.until, this.#limit.why, words);
    if (this.#result) return this.#withWords(endOfResult(this.#result, this.#parts.gateway.limitedUntil()));
    if (this.#wasKilled()) return endOf('killed', killedMessage, words);
    const reason = thrown === undefined ? 'it ended without a result' : messageOf(thrown);
    return endOf('failed', `Claude Code failed: ${[reason, this.#stderr.trim()].filter(Boolean).join('. ')}`, words);
  }

  async #converse(onStarted: () => void, touch: () => void): Promise<void> {
    const { request, onEvent } = this.#parts;
    const { query } = await loadSdk();
    const translate = createTranslator(request.room.worktreePath);
    for await (const message of query({ prompt: request.prompt, options: this.#options() })) {
      touch();
      if (message.type === 'system' && message.subtype === 'init') onStarted();
      if (message.type === 'result') this.#result = message;
      for (const event of translate(message)) {
        if (event.kind === 'message') this.#lastText = event.text;
        await onEvent(event).catch((e) => {
          this.#listenerFailure = { cause: e };
          throw e;
        });
      }
      this.#limit ??= findRateLimit(message);
      if (this.#limit) return this.#stop();
      if (isRefusal(message)) {
        this.#refused = true; // Claude Code would try a wrong key again for two minutes
        return this.#stop();
      }
    }
  }

  #options(): Options {
    const { setup, request, command } = this.#parts;
    return {
      cwd: request.room.worktreePath,
      env: { ...command.env },
      sessionId: request.sessionId,
      abortController: this.#abort,
      pathToClaudeCodeExecutable: findClaudeProgram(),
      spawnClaudeCodeProcess: ({ args, env }) => this.#spawn(args, env),
      settingSources: [],
      strictMcpConfig: true,
      tools,
      systemPrompt: { type: 'preset', preset: 'claude_code', append: request.systemPrompt },
      ...(request.confined
        ? { permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true }
        : { permissionMode: 'dontAsk', allowedTools: tools }),
      ...(setup.definition.model ? { model: setup.definition.model } : {}),
      ...(request.budgetUsd === undefined ? {} : { maxBudgetUsd: request.budgetUsd }),
      ...(setup.definition.maxTurns ? { maxTurns: setup.definition.maxTurns } : {}),
      ...(request.answerSchema ? { outputFormat: outputFormat(request.answerSchema) } : {}),
    };
  }

  #spawn(args: readonly string[], env: Record<string, string | undefined>): SpawnedProcess {
    const { command } = this.#parts;
    const added = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const child = start({
      ...command,
      args: [...command.args, ...args],
      env: { ...Object.fromEntries(added), ...command.env },
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-2000);
    });
    this.#child = child;
    return child as typeof child & SpawnedProcess;
  }

  #stop(): void {
    this.#abort.abort();
    if (this.#child && this.#parts.request.confined) void endTree(this.#child); // the whole room dies with it
  }

  #wasKilled(): boolean {
    const { exitCode, signalCode } = this.#child ?? {};
    return Boolean(signalCode) || exitCode === 128 + 9 || exitCode === 128 + 15;
  }

  #withWords = (end: SessionEnd): SessionEnd => ({ ...end, text: end.text || this.#lastText });
}

/** Without `$schema`: Claude Code refuses a schema that names the draft it is written in. */
function outputFormat({ $schema: _draft, ...schema }: Record<string, unknown>): Options['outputFormat'] {
  return { type: 'json_schema', schema };
}

const isRefusal = (message: SDKMessage): boolean =>
  message.type === 'system' && message.subtype === 'api_retry' && isAuthStatus(message.error_status);
