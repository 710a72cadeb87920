/** What Sentra itself answers under the name of a dev server: small pages without script that say what to do next. */
import { type DevServer, isUp } from '#src/domain/dev-server.ts';

export type Page = { status: number; html: string };

type Words = { title: string; text: string; lines?: string | null | undefined; link: string; refresh?: string };

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

function page(status: number, { title, text, lines, link, refresh }: Words): Page {
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>${refresh ? `<meta http-equiv="refresh" content="${refresh}">` : ''}
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:15vh auto 0;padding:0 1.5rem}
pre{overflow:auto;padding:1rem;border:1px solid;border-radius:6px;opacity:.8;font-size:13px}</style></head>
<body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${lines ? `<pre>${escapeHtml(lines)}</pre>` : ''}
<p><a href="${escapeHtml(link)}">Open the task in Sentra</a></p></body></html>
`;
  return { status, html };
}

export const letIn = (link: string): Page =>
  page(200, { title: 'Opening…', text: 'The dev server follows.', link, refresh: '0; url=/' });

export const notLetIn = (link: string): Page =>
  page(401, {
    title: 'Not open here yet',
    text: 'This is a dev server of a task. Open it from the task’s page in Sentra: each link lets one browser in.',
    link,
  });

export const foreign = (link: string): Page =>
  page(403, { title: 'Refused', text: 'A page of another site asked for this dev server.', link });

/** Nothing listens. */
export function notUp(server: DevServer | undefined, link: string): Page {
  if (!server)
    return page(502, {
      title: 'Not started',
      text: 'This dev server was not started. Start it on the task’s page.',
      link,
    });
  const { name, state, message } = server;
  if (isUp(state))
    return page(502, {
      title: `${name} is starting`,
      text: 'This page looks again every two seconds.',
      lines: message,
      link,
      refresh: '2',
    });
  const title = state === 'failed' ? `${name} was given up` : `${name} is stopped`;
  return page(502, {
    title,
    text: 'Start it on the task’s page; its output is in the task’s log.',
    lines: message,
    link,
  });
}
