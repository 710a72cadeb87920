/** One session of Claude Code, from its start to its end. */
import type { Options, SDKMessage, SDKResultMessage, SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import type { AgentEvent, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { BoundedOutput } from '#src/agents/bounded-output.ts';
import { authMessage, createTranslator, endOfResult, isAuthStatus, totalsOf } from '#src/agents/claude-events.ts';
import { claudeHooks, findBrokenHook } from '#src/agents/claude-hooks.ts';
import { findRateLimit, type RateLimit } from '#src/agents/claude-limits.ts';
import { findClaudeProgram, loadSdk } from '#src/agents/claude-program.ts';
import { ClaudePrompts } from '#src/agents/claude-prompts.ts';
import { endOf, explainLimit, killedMessage, rateLimited, wasKilled, watchLimits } from '#src/agents/session.ts';
import type { SessionGateway } from '#src/agents/session-gateway.ts';
import { agentGate } from '#src/agents/start-gate.ts';
import type { AgentDefinition } from '#src/domain/agent-definition.ts';
import { type ModelTotal, sumTokens } from '#src/domain/spending.ts';
import { messageOf } from '#src/errors.ts';
import { type Command, codeOfCrash, endTree, start } from '#src/process.ts';

/** Those that a task needs; nothing else of the agent's is offered to its model. */
const tools = ['Read', 'Write', 'Edit', 'Bash', 'Grep', 'Glob'];

export type ClaudeDefinition = Omit<Extract<AgentDefinition, { kind: 'claude' }>, 'kind'>;

type Parts = {
  definition: ClaudeDefinition;
  request: SessionRequest;
  command: Command;
  gateway: SessionGateway;
  onEvent: (event: AgentEvent) => Promise<void>;
};

export class ClaudeSession {
  readonly #parts: Parts;
  readonly #abort = new AbortController();
  #child: ReturnType<typeof start> | undefined;
  #refused = false;
  #limit: RateLimit | undefined;
  #result: SDKResultMessage | undefined;
  #listenerFailure: { cause: unknown } | undefined;
  #lastText = '';
  #stderr = '';
  #interrupt = () => {};
  readonly #output = new BoundedOutput(1024 * 1024);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<SessionEnd> {
    const { request } = this.#parts;
    const leaveGate = await agentGate.enter();
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
    if (!this.#listenerFailure) await tellSpending(this.#parts.gateway, this.#ownTotals());
    if (this.#listenerFailure) throw this.#listenerFailure.cause;
    const limit = limits.reached();
    const words = { text: this.#lastText };
    if (limit && this.#result?.subtype !== 'success') return endOf(limit, explainLimit(limit, request), words);
    if (this.#refused) return endOf('auth', authMessage);
    if (this.#limit) return rateLimited(this.#limit.until, this.#limit.why, words);
    if (this.#result) return this.#withCosts(endOfResult(this.#result, this.#parts.gateway.limitedUntil()));
    if (this.#wasKilled()) return endOf('killed', killedMessage, words);
    const reason = thrown === undefined ? 'it ended without a result' : messageOf(thrown);
    return endOf('failed', `Claude Code failed: ${[reason, this.#stderr.trim()].filter(Boolean).join('. ')}`, words);
  }

  async #converse(onStarted: () => void, touch: () => void): Promise<void> {
    const { request, onEvent } = this.#parts;
    const { query } = await loadSdk();
    const translate = createTranslator(request.room.worktreePath);
    const prompts = this.#prompts();
    const session = query({ prompt: prompts, options: this.#options() });
    this.#interrupt = () => void session.interrupt().catch(() => {}); // it had ended already
    for await (const message of this.#output.follow(session)) {
      touch();
      if (message.type === 'system' && message.subtype === 'init') onStarted();
      prompts.onMessage(message);
      const broken = findBrokenHook(message);
      if (broken) request.hooks?.report(broken);
      for (const event of translate(message)) {
        if (event.kind === 'message') this.#lastText = event.text;
        await onEvent(event).catch((e) => {
          this.#listenerFailure = { cause: e };
          throw e;
        });
      }
      if (message.type === 'result') {
        this.#result = message;
        await prompts.onTurnEnd();
      }
      this.#limit ??= findRateLimit(message);
      if (this.#limit) return this.#stop();
      if (isRefusal(message)) {
        this.#refused = true; // Claude Code would try a wrong key again for two minutes
        return this.#stop();
      }
    }
  }

  #prompts(): ClaudePrompts {
    const { request, onEvent } = this.#parts;
    // What nobody could be told of ends the session at its next event.
    const onHeard = (messageId: string) => void onEvent({ kind: 'heard', messageId }).catch(() => {});
    return new ClaudePrompts({
      prompt: request.prompt,
      inbox: request.inbox,
      interrupt: () => this.#interrupt(),
      onHeard,
    });
  }

  #options(): Options {
    const { definition, request, command } = this.#parts;
    return {
      ...this.#hooks(),
      cwd: request.room.worktreePath,
      env: { ...command.env },
      sessionId: request.sessionId,
      ...(request.resumes ? { resume: request.resumes, forkSession: true } : {}),
      abortController: this.#abort,
      pathToClaudeCodeExecutable: findClaudeProgram(),
      spawnClaudeCodeProcess: ({ args, env }) => this.#spawn(args, env),
      settingSources: request.projectSettings ? ['project'] : [],
      strictMcpConfig: !request.projectSettings,
      tools,
      systemPrompt: { type: 'preset', preset: 'claude_code', append: request.systemPrompt },
      ...(request.confined
        ? { permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true }
        : { permissionMode: 'dontAsk', allowedTools: tools }),
      extraArgs: { 'replay-user-messages': null },
      ...(definition.model ? { model: definition.model } : {}),
      ...(definition.effort ? { effort: definition.effort } : {}),
      // One that goes on counts what its whole conversation cost: then Sentra alone keeps the budget.
      ...(request.budgetUsd === undefined || request.resumes ? {} : { maxBudgetUsd: request.budgetUsd }),
      ...(definition.maxTurns ? { maxTurns: definition.maxTurns } : {}),
      ...(request.answerSchema ? { outputFormat: outputFormat(request.answerSchema) } : {}),
    };
  }

  #hooks(): Pick<Options, 'hooks' | 'includeHookEvents'> {
    const { request, onEvent } = this.#parts;
    const { hooks } = request;
    if (!hooks) return {};
    const { worktreePath } = request.room;
    // What nobody could be told of ends the session at its next event.
    const tell = (event: AgentEvent) => void onEvent(event).catch(() => {});
    return { hooks: claudeHooks({ hooks, worktreePath, tell }), includeHookEvents: request.projectSettings };
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
    return withOutput(child as typeof child & SpawnedProcess, this.#output);
  }

  #stop(): void {
    this.#abort.abort();
    if (this.#child && this.#parts.request.confined) void endTree(this.#child); // the whole room dies with it
  }

  #wasKilled(): boolean {
    const { exitCode = null, signalCode = null } = this.#child ?? {};
    return wasKilled({ exitCode, signal: signalCode !== null && codeOfCrash(signalCode) === null });
  }

  /** What Claude Code itself says that it used. One that goes on tells of its whole conversation: then the gateway's count is what it adds. */
  #ownTotals(): ModelTotal[] | undefined {
    return this.#result && !this.#parts.request.resumes ? totalsOf(this.#result) : undefined;
  }

  #withCosts(end: SessionEnd): SessionEnd {
    const { gateway, request } = this.#parts;
    const counted = request.resumes ? { usage: sumTokens(gateway.totals()), costUsd: null } : {};
    return { ...end, ...counted, text: end.text || this.#lastText };
  }
}

/** The program as the SDK sees it. */
const withOutput = (child: SpawnedProcess, output: BoundedOutput): SpawnedProcess => ({
  stdin: child.stdin,
  stdout: child.stdout.pipe(output.stream),
  get killed() {
    return child.killed;
  },
  get exitCode() {
    return child.exitCode;
  },
  get signalCode() {
    return child.signalCode ?? null;
  },
  kill: (signal) => child.kill(signal),
  on: child.on.bind(child),
  once: child.once.bind(child),
  off: child.off.bind(child),
});

/** At the end what Claude Code itself makes of it. */
async function tellSpending(gateway: SessionGateway, totals: ModelTotal[] | undefined): Promise<void> {
  // A crash of Claude Code is told with zeros: what was counted is nearer to the truth.
  const isEmpty = totals?.every(({ inputTokens, outputTokens }) => inputTokens + outputTokens === 0);
  const isNearer = totals !== undefined && (!isEmpty || gateway.totals().length === 0);
  await gateway.tell(isNearer ? { kind: 'usage', totals, isWhole: true } : undefined);
}

/** Without `$schema`: Claude Code refuses a schema that names the draft it is written in. */
function outputFormat({ $schema: _draft, ...schema }: Record<string, unknown>): Options['outputFormat'] {
  return { type: 'json_schema', schema };
}

const isRefusal = (message: SDKMessage): boolean =>
  message.type === 'system' && message.subtype === 'api_retry' && isAuthStatus(message.error_status);
