/** Looks at projects again when something happened to them: what is decided by looking at the whole state, not by the event. */
import type { EventType } from '#src/domain/event.ts';
import { messageOf } from '#src/errors.ts';
import type { EventBus } from '#src/logs/stream-events.ts';
import type { Database } from '#src/store/database.ts';
import { lastEventId, listEvents } from '#src/store/events.ts';
import { listProjectRows } from '#src/store/projects.ts';

export type Following = {
  database: Database;
  bus: EventBus;
  report: (line: string) => void;
  /** For people, in reports. */
  name: string;
  /** Events after which it is worth a look. */
  types: ReadonlySet<EventType>;
  look: (projectId: string) => Promise<unknown>;
};

/** Longer than a burst of events takes; soon enough for who looks at a board. */
const settleMs = 1_000;

/** Every project once, then each that an event was about; until `signal` aborts. */
export function followProjects(following: Following, signal: AbortSignal): void {
  const { database, bus, report, name, types, look } = following;
  const { db } = database;
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let last: number | undefined;
  const lookAround = async () => {
    const due = new Set<string>();
    if (last === undefined) for (const { id } of await listProjectRows(db)) due.add(id);
    last ??= await lastEventId(db);
    for (let page = await listEvents(db, last, 1_000); page.length; page = await listEvents(db, last, 1_000)) {
      for (const { type, projectId } of page) if (projectId && types.has(type)) due.add(projectId);
      last = page.at(-1)?.id ?? last;
    }
    for (const projectId of due) await look(projectId);
  };
  const soon = () => {
    if (signal.aborted) return;
    timer ??= setTimeout(async () => {
      timer = undefined;
      if (busy) return soon();
      busy = true;
      await lookAround().catch((e) => signal.aborted || report(`${name}: ${messageOf(e)}`));
      busy = false;
    }, settleMs);
  };
  const unsubscribe = bus.subscribe(soon);
  signal.addEventListener('abort', () => {
    unsubscribe();
    clearTimeout(timer);
  });
  soon();
}
