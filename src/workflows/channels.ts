import type { Driver, SessionRequest } from '#src/agents/agent.ts';
import { type HooksRequest, openHooks } from '#src/workflows/hooks.ts';
import { openInbox } from '#src/workflows/inbox.ts';
import type { Run } from '#src/workflows/run.ts';

/** What leads into a session and out of it while it runs, beside its prompt and its events: as much as its driver can do with. */
export type Channels = {
  request: Pick<SessionRequest, 'hooks' | 'inbox'>;
  /** For the room. */
  sockets: { port: number; socket: string }[];
  /** Aborted when a person interrupts it, and its driver cannot end a turn alone. */
  interrupted: AbortSignal;
  heard(messageId: string): Promise<void>;
};

/** Open while `work` is at work. */
export async function withChannels<T>(
  run: Run,
  { capabilities }: Driver,
  request: HooksRequest,
  work: (channels: Channels) => Promise<T>,
): Promise<T> {
  const inbox = openInbox(run.parts, request.session, capabilities);
  const hooks = capabilities.hookSocket ? await openHooks(run, request, capabilities) : undefined;
  try {
    return await work({
      request: { ...(inbox.inbox ? { inbox: inbox.inbox } : {}), ...(hooks ? { hooks: hooks.hooks } : {}) },
      sockets: [...(hooks?.sockets ?? [])],
      interrupted: inbox.signal,
      heard: inbox.heard,
    });
  } finally {
    inbox.close();
    await hooks?.close();
  }
}
