/** Live changes: each event names what has to be asked for again; asking is gathered to four times a second. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Event } from '#src/domain/event.ts';
import { eventsPath } from '../paths.ts';
import { openSocket, type SocketState } from '../socket.ts';

const gatherMs = 250;

/** Follows the server's events while mounted, and says how the connection is. */
export function useEvents(): SocketState {
  const queryClient = useQueryClient();
  const [state, setState] = useState<SocketState>('connecting');
  useEffect(() => {
    let last: number | undefined;
    const gather = gatherer(queryClient);
    const close = openSocket({
      path: () => eventsPath(last),
      onMessage: (text) => {
        const event = Event.parse(JSON.parse(text));
        last = event.id;
        for (const key of keysOf(event)) gather.add(key);
      },
      onState: (next) => {
        setState(next);
        // What changed before this connection stood is known only by asking.
        if (next === 'live')
          void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
      },
    });
    return () => {
      close();
      gather.stop();
    };
  }, [queryClient]);
  return state;
}

function keysOf(event: Event): string[][] {
  const keys: string[][] = [['tasks'], ['system']];
  if (event.taskId) keys.push(['task', event.taskId]);
  if (event.type.startsWith('project.') || event.type.startsWith('task.')) keys.push(['projects']);
  if (/^(pull_request|run)\./.test(event.type)) keys.push(['merges']);
  if (event.type.startsWith('worktree.')) keys.push(['worktrees']);
  if (/^(worktree|run|host)\./.test(event.type)) keys.push(['resources']);
  if (/^(cost|budget)\./.test(event.type)) keys.push(['costs']);
  if (event.type === 'analysis.changed') keys.push(['analyses']);
  if (event.type.startsWith('breaker.')) keys.push(['breakers']);
  if (/^(worker|run)\./.test(event.type)) keys.push(['workers']);
  return keys;
}

function gatherer(queryClient: QueryClient): { add: (key: string[]) => void; stop: () => void } {
  const waiting = new Map<string, string[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    for (const queryKey of waiting.values()) void queryClient.invalidateQueries({ queryKey });
    waiting.clear();
  };
  return {
    add: (key) => {
      waiting.set(key.join(), key);
      timer ??= setTimeout(flush, gatherMs);
    },
    stop: () => clearTimeout(timer),
  };
}
