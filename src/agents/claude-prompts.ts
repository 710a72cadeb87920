/**
 * What a session of Claude Code is told: its prompt, then what people write while it works. It hears of that between two
 * tools, or in a turn of its own; its input ends when a turn has ended and it has heard everything.
 */
import { randomUUID, type UUID } from 'node:crypto';
import type { SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { Inbox } from '#src/agents/agent.ts';
import { type InboxReader, readInbox } from '#src/agents/inbox.ts';

type Setup = {
  prompt: string;
  inbox: Inbox | undefined;
  /** Ends the turn that is under way. */
  interrupt: () => void;
  onHeard: (messageId: string) => void;
};

export class ClaudePrompts implements AsyncIterable<SDKUserMessage> {
  readonly #setup: Setup;
  readonly #reader: InboxReader;
  readonly #queue: SDKUserMessage[];
  /** Given to Claude Code, which has not said yet that it has them: their ids by the names that it knows them by. */
  readonly #unheard = new Map<string, string>();
  #isClosed = false;
  #wake = () => {};

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#queue = [userMessage(setup.prompt, randomUUID())];
    this.#reader = readInbox(setup.inbox, ({ id, text, interrupt }) => {
      const uuid = randomUUID();
      this.#unheard.set(uuid, id);
      this.#queue.push({ ...userMessage(text, uuid), priority: interrupt ? 'now' : 'next' });
      if (interrupt) setup.interrupt();
      this.#wake();
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      const next = this.#queue.shift();
      if (next) yield next;
      else if (this.#isClosed) return;
      else
        await new Promise<void>((done) => {
          this.#wake = done;
        });
    }
  }

  /** Claude Code repeats what it takes up. */
  onMessage(message: SDKMessage): void {
    if (message.type !== 'user' || !('isReplay' in message)) return;
    const id = this.#unheard.get(message.uuid ?? '');
    if (id === undefined) return;
    this.#unheard.delete(message.uuid ?? '');
    this.#setup.onHeard(id);
  }

  /** A turn has ended: what has been written since begins another; else there is no more input. */
  async onTurnEnd(): Promise<void> {
    await this.#reader.look();
    if (this.#unheard.size === 0) this.close();
  }

  close(): void {
    this.#reader.stop();
    this.#isClosed = true;
    this.#wake();
  }
}

const userMessage = (text: string, uuid: UUID): SDKUserMessage => ({
  type: 'user',
  message: { role: 'user', content: text },
  parent_tool_use_id: null,
  uuid,
});
