/** The latest events, newest first: those of before, then live. */
import { useEffect, useState } from 'react';
import { Event } from '#src/domain/event.ts';
import { latestEventsPath } from '../paths.ts';
import { openSocket } from '../socket.ts';

const kept = 400;

export function useLatestEvents(): readonly Event[] {
  const [events, setEvents] = useState<readonly Event[]>([]);
  useEffect(() => {
    const byId = new Map<number, Event>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      const sorted = [...byId.values()].sort((a, b) => b.id - a.id);
      for (const { id } of sorted.splice(kept)) byId.delete(id);
      setEvents(sorted);
    };
    const close = openSocket({
      path: () => latestEventsPath(kept),
      onMessage: (text) => {
        const event = Event.parse(JSON.parse(text));
        byId.set(event.id, event);
        timer ??= setTimeout(show, 250);
      },
      onState: () => {},
    });
    return () => {
      close();
      clearTimeout(timer);
    };
  }, []);
  return events;
}
