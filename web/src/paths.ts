/** Every address that the page opens by itself; pages are addressed by the router (`routes.tsx`), the API by the client. */
import type { LogSelection } from '#src/domain/log.ts';

/** Live events; without `after` only those from now on. */
export const eventsPath = (after: number | undefined) =>
  after === undefined ? '/api/events' : `/api/events?after=${after}`;

/** The last `count` events, then live ones. */
export const latestEventsPath = (count: number) => `/api/events?last=${count}`;

/** Lines of tasks and events, many streams on one socket. */
export const streamsPath = '/api/streams';

/** All lines of a selection as one file. */
export const logFilePath = (taskId: string, query: LogSelection & { format: 'text' | 'jsonl' }) =>
  `/api/logs/${encodeURIComponent(taskId)}/download?${parameters(query)}`;

/** All that is known of a run as one file. */
export const exportPath = (taskId: string, adwId: string, format: 'json' | 'otlp') =>
  `/api/tasks/${encodeURIComponent(taskId)}/runs/${encodeURIComponent(adwId)}/export?format=${format}`;

/** What the programs of a task wrote, byte for byte. */
export const rawPath = (taskId: string) => `/api/logs/${encodeURIComponent(taskId)}/raw`;

/** The whole of a line that was cut. */
export const wholeLinePath = (taskId: string, seq: number) =>
  `/api/logs/${encodeURIComponent(taskId)}/lines/${seq}/whole`;

function parameters(query: Record<string, unknown>): URLSearchParams {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}

export function socketUrl(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Leads on to the dev server, with a code that lets this browser in. */
export const devServerPath = (taskId: string, name: string): string => `/api/tasks/${taskId}/dev-servers/${name}/open`;
