/** Every address that the page opens by itself; pages are addressed by the router (`routes.tsx`), the API by the client. */

/** Live events; without `after` only those from now on. */
export const eventsPath = (after: number | undefined) =>
  after === undefined ? '/api/events' : `/api/events?after=${after}`;

/** A task's log lines after a sequence number: replayed, then followed. */
export const logsPath = (taskId: string, after: number) => `/logs/${encodeURIComponent(taskId)}?after=${after}`;

export function socketUrl(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Leads on to the dev server, with a code that lets this browser in. */
export const devServerPath = (taskId: string, name: string): string => `/api/tasks/${taskId}/dev-servers/${name}/open`;
