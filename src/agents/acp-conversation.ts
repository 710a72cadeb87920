/** The conversation with an ACP agent: greeting, a session of its own, its model, and turns while there is something to say. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ClientContext,
  client,
  type InitializeRequest,
  methods,
  type NewSessionRequest,
  PROTOCOL_VERSION,
  type PromptRequest,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionConfigOption,
  type SessionUpdate,
  type StopReason,
  type Stream,
} from '@agentclientprotocol/sdk';
import type { AcpAgent } from '#src/agents/acp.ts';
import { currentModel, findChoice } from '#src/agents/acp-choice.ts';
import { createAcpTranslator } from '#src/agents/acp-events.ts';
import { isAuthRequired } from '#src/agents/acp-failure.ts';
import { decide } from '#src/agents/acp-permissions.ts';
import { createAcpUsage } from '#src/agents/acp-usage.ts';
import type { AgentEvent, InboxMessage, SessionRequest } from '#src/agents/agent.ts';
import { readInbox } from '#src/agents/inbox.ts';
import type { Teller } from '#src/agents/teller.ts';
import { messageOf, SentraError } from '#src/errors.ts';

type Parts = {
  request: SessionRequest;
  agent: Pick<AcpAgent, 'model' | 'effort' | 'login'>;
  teller: Teller;
  onLoads: (canLoad: boolean) => void;
  /** Its costs are known from elsewhere: told twice they would count twice. */
  isCounted: boolean;
};

/** A program that answers nothing for so long does not speak the protocol; of thirty that start at once the last takes a third of it. */
const greetingMs = 120_000;

/** An agent that has told nothing for so long has told all of a conversation that it loaded. */
const quietMs = 500;

/** Nothing was begun: a conversation that the agent was to go on with is gone. */
export class ForgottenConversation extends Error {}

export class AcpConversation {
  readonly usage = createAcpUsage(() => this.#model);
  readonly #parts: Parts;
  readonly #translator: ReturnType<typeof createAcpTranslator>;
  readonly #waiting: InboxMessage[] = [];
  #model: string | null = null;
  #lastText = '';
  #interrupt = () => {};
  /** What it tells of a conversation that it loads was told when it happened; the time of its last word of that. */
  #loadingSince: number | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#translator = createAcpTranslator(parts.request.room.worktreePath);
  }

  /** The last words so far. */
  get lastText(): string {
    return this.#lastText;
  }

  /** Begins with this prompt, goes on with what people write, and answers why the last turn ended. */
  async hold(stream: Stream, prompt: string, onStarted: () => void): Promise<StopReason> {
    const connection = client({ name: 'sentra' })
      .onRequest(methods.client.session.requestPermission, ({ params }) => this.#permit(params))
      .onNotification(methods.client.session.update, ({ params }) => this.#tell(params.update))
      .connect(stream);
    const inbox = readInbox(this.#parts.request.inbox, (message) => {
      this.#waiting.push(message);
      if (message.interrupt) this.#interrupt();
    });
    try {
      const agent = connection.agent;
      const sessionId = await this.#open(agent);
      onStarted();
      this.#interrupt = () => void agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => {});
      let stop = await this.#turn(agent, sessionId, prompt);
      for (;;) {
        await inbox.look();
        const messages = this.#waiting.splice(0);
        if (!messages.length) return stop;
        for (const { id } of messages) this.#parts.teller.tell({ kind: 'heard', messageId: id });
        stop = await this.#turn(agent, sessionId, messages.map(({ text }) => text).join('\n\n'));
      }
    } finally {
      inbox.stop();
      connection.close();
    }
  }

  /** Answers the session's id. */
  async #open(agent: ClientContext): Promise<string> {
    const { request, agent: defined } = this.#parts;
    const { model = defined.model, effort = defined.effort } = request;
    const clientInfo = { name: 'sentra', title: 'Sentra', version: '1' };
    // Neither files nor terminals are offered: the agent has its own, in its room.
    const greeting: InitializeRequest = { protocolVersion: PROTOCOL_VERSION, clientCapabilities: {}, clientInfo };
    const answered = agent.request(methods.agent.initialize, greeting);
    const { protocolVersion, agentCapabilities } = await within(greetingMs, answered);
    if (protocolVersion !== PROTOCOL_VERSION)
      throw new SentraError(
        'invalid_config',
        `It speaks version ${protocolVersion} of the Agent Client Protocol, and Sentra version ${PROTOCOL_VERSION}.`,
      );
    const canLoad = agentCapabilities?.loadSession === true;
    this.#parts.onLoads(canLoad);
    if (request.resumes !== undefined && !canLoad) throw new ForgottenConversation('It cannot load conversations.');
    const opened = await this.#openSession(agent, defined.login.method);
    const { sessionId } = opened;
    let options = opened.configOptions ?? [];
    const choose = async (what: 'model' | 'effort', wanted: string | undefined) => {
      if (wanted === undefined) return;
      options = await setOption(agent, sessionId, findChoice(what, wanted, options));
    };
    await choose('model', model);
    await choose('effort', effort);
    this.#model = currentModel(options);
    this.#parts.teller.tell({ kind: 'started', agentSessionId: sessionId, model: this.#model });
    return sessionId;
  }

  /** An agent that wants to be logged in first is, in the way that its definition names. */
  async #openSession(agent: ClientContext, method: string | undefined) {
    const { room, projectSettings, resumes } = this.#parts.request;
    const params: NewSessionRequest = {
      cwd: room.worktreePath,
      mcpServers: [],
      // The adapter of Claude Code would read what it finds in the repository and in its home.
      _meta: { claudeCode: { options: { settingSources: projectSettings ? ['project'] : [] } } },
    };
    const ask = () =>
      resumes === undefined ? agent.request(methods.agent.session.new, params) : this.#load(agent, resumes, params);
    try {
      return await ask();
    } catch (e) {
      if (!isAuthRequired(e) || method === undefined) throw e;
      await agent.request(methods.agent.authenticate, { methodId: method });
      return await ask();
    }
  }

  async #load(agent: ClientContext, sessionId: string, params: NewSessionRequest) {
    this.#loadingSince = performance.now();
    try {
      const loaded = await agent.request(methods.agent.session.load, { sessionId, ...params });
      // Some tell it only after they have answered, as Gemini CLI does.
      while (performance.now() - this.#loadingSince < quietMs) await sleep(quietMs / 5);
      return { sessionId, ...loaded };
    } catch (e) {
      if (isAuthRequired(e)) throw e;
      throw new ForgottenConversation(`It cannot load its conversation any more: ${messageOf(e)}`, { cause: e });
    } finally {
      this.#loadingSince = undefined;
    }
  }

  async #turn(agent: ClientContext, sessionId: string, text: string): Promise<StopReason> {
    const asked: PromptRequest = { sessionId, prompt: [{ type: 'text', text }] };
    const answer = await agent.request(methods.agent.session.prompt, asked);
    this.#say(this.#translator.rest());
    this.usage.onTurn(answer);
    return answer.stopReason;
  }

  #tell(update: SessionUpdate): void {
    if (this.#loadingSince !== undefined) {
      this.#loadingSince = performance.now();
      return;
    }
    if (update.sessionUpdate === 'usage_update') {
      this.usage.onUpdate(update);
      const totals = this.usage.totals();
      if (totals.length && !this.#parts.isCounted) this.#parts.teller.tell({ kind: 'usage', totals, isWhole: false });
    }
    this.#say(this.#translator.eventsOf(update));
  }

  #say(events: readonly AgentEvent[]): void {
    this.#parts.teller.tell(...events);
    this.#lastText = events.findLast((event) => event.kind === 'message')?.text ?? this.#lastText;
  }

  #permit(asked: RequestPermissionRequest): RequestPermissionResponse {
    const { request, teller } = this.#parts;
    this.#say(this.#translator.rest()); // some tell of a call only by asking for it
    const { answer, tool, refusal } = decide(asked, {
      confined: request.confined,
      worktreePath: request.room.worktreePath,
    });
    teller.tell({ kind: 'record', text: JSON.stringify({ asked, answer, refusal }) });
    if (refusal !== undefined) teller.tell({ kind: 'permission_denied', tool, reason: refusal });
    return answer;
  }
}

async function setOption(
  agent: ClientContext,
  sessionId: string,
  choice: { configId: string; value: string },
): Promise<SessionConfigOption[]> {
  const answer = await agent.request(methods.agent.session.setConfigOption, { sessionId, ...choice });
  return answer.configOptions;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `It did not answer within ${ms / 1000} seconds: is it a program that speaks the Agent Client Protocol?`;
    late.reject(new SentraError('invalid_config', message));
  }, ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
