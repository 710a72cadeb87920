/**
 * What a page of a stranger can try against a server on this machine. Each runs in that page, in a real browser, against `target`
 * (an origin). What it gets to read it answers.
 */
export type Attack = {
  name: string;
  /** A function body of the page; `target` is an origin, `read` waits for a text at most a moment. */
  run: string;
  /** Whose page: `port` is the same host on another port, to which the browser sends the same cookies. */
  from?: 'port' | 'evil.test' | 'localhost';
};

const fetching = (name: string, path: string, init: string): Attack => ({
  name,
  run: `return fetch(target + '${path}', { credentials: 'include', ${init} }).then((answer) => answer.text())`,
});
const element = (name: string, tag: string, attribute: string, path: string, more = ''): Attack => ({
  name,
  run: `const one = document.createElement('${tag}'); ${more}
    one.${attribute} = target + '${path}'; document.body.append(one); return settled(one)`,
});
const form = (name: string, path: string, fields: string, more: string): Attack => ({
  name,
  run: `const frame = document.createElement('iframe'); frame.name = 'sink'; document.body.append(frame);
    const form = document.createElement('form'); form.action = target + '${path}'; form.target = 'sink'; ${more}
    for (const [name, value] of ${fields}) { const field = document.createElement('textarea'); field.name = name; field.value = value; form.append(field); }
    document.body.append(form); form.submit(); return settled(frame)`,
});
const inFrame = (name: string, code: string, sandbox = 'allow-scripts allow-forms'): Attack => ({
  name,
  run: `const frame = document.createElement('iframe'); frame.sandbox = '${sandbox}';
    const heard = new Promise((done) => addEventListener('message', ({ data }) => done(String(data))));
    frame.srcdoc = '<script>const target = ' + JSON.stringify(target) + '; const tell = (x) => parent.postMessage(x, "*");' + ${JSON.stringify(code)} + '<\\/script>';
    document.body.append(frame); return heard`,
});
const socket = (name: string, path: string, protocols = '[]'): Attack => ({
  name,
  run: `const socket = new WebSocket(target.replace('http', 'ws') + '${path}', ${protocols});
    return new Promise((done) => { socket.onopen = () => { socket.send('{"follow":"a","events":{}}'); };
      socket.onmessage = ({ data }) => done(data); socket.onerror = () => done(''); })`,
});

const task = '{"projectId":"proj-000000000001","title":"evil"}';
const json = JSON.stringify(task);

export const attacks: readonly Attack[] = [
  fetching('a simple GET without CORS', '/api/tasks', "mode: 'no-cors'"),
  fetching('a GET with CORS', '/api/tasks', "mode: 'cors'"),
  fetching('a GET of the description', '/openapi.json', ''),
  fetching('a GET of the figures', '/metrics', ''),
  fetching('a POST of text that is JSON', '/api/tasks', `method: 'POST', mode: 'no-cors', body: ${json}`),
  fetching(
    'a POST as a form would',
    '/api/tasks',
    "method: 'POST', mode: 'no-cors', body: new URLSearchParams({ title: 'evil' })",
  ),
  fetching('a POST in parts', '/api/tasks', "method: 'POST', mode: 'no-cors', body: Object.assign(new FormData(), {})"),
  fetching(
    'a POST of bytes without a type',
    '/api/tasks',
    `method: 'POST', mode: 'no-cors', body: new Blob([${json}])`,
  ),
  fetching(
    'a POST of JSON that asks first',
    '/api/tasks',
    `method: 'POST', headers: { 'content-type': 'application/json' }, body: ${json}`,
  ),
  fetching(
    'a POST with two types',
    '/api/tasks',
    `method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain; application/json' }, body: ${json}`,
  ),
  fetching('a POST without a body', '/api/tasks/TASK/cancel', "method: 'POST', mode: 'no-cors'"),
  fetching(
    'a PATCH',
    '/api/tasks/TASK',
    `method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"title":"evil"}'`,
  ),
  fetching('a DELETE', '/api/projects/PROJECT', "method: 'DELETE'"),
  fetching(
    'a POST that says it is a DELETE',
    '/api/projects/PROJECT?_method=DELETE',
    "method: 'POST', headers: { 'x-http-method-override': 'DELETE' }",
  ),
  fetching('a guess at the token', '/api/tasks', "headers: { authorization: 'Bearer guess' }"),
  fetching(
    'a request that outlives its page',
    '/api/tasks',
    `method: 'POST', mode: 'no-cors', keepalive: true, body: ${json}`,
  ),
  fetching('what the browser has kept', '/api/tasks', "cache: 'force-cache'"),
  fetching(
    'a call of a tool',
    '/mcp',
    `method: 'POST', mode: 'no-cors', body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`,
  ),
  fetching('a login for the attacker', '/api/login', `method: 'POST', mode: 'no-cors', body: '{"code":"theirs"}'`),
  fetching('a login link', '/api/login-links', "method: 'POST', mode: 'no-cors'"),
  fetching(
    'trust for a repository',
    '/api/projects/PROJECT/trust',
    `method: 'POST', mode: 'no-cors', body: '{"hash":"x"}'`,
  ),
  fetching(
    'an upload in pieces',
    '/api/tasks',
    `method: 'POST', duplex: 'half', headers: { 'content-type': 'application/json' }, body: ${json}`,
  ),
  {
    name: 'an old request with cookies',
    run: `const request = new XMLHttpRequest(); request.open('GET', target + '/api/tasks'); request.withCredentials = true;
      return new Promise((done) => { request.onloadend = () => done(request.responseText); request.send(); })`,
  },
  { name: 'a beacon of text', run: `navigator.sendBeacon(target + '/api/tasks', ${json}); return ''` },
  {
    name: 'a beacon of JSON',
    run: `navigator.sendBeacon(target + '/api/tasks', new Blob([${json}], { type: 'application/json' })); return ''`,
  },
  {
    name: 'a stream of events',
    run: `const events = new EventSource(target + '/api/events', { withCredentials: true });
      return new Promise((done) => { events.onmessage = ({ data }) => done(data); events.onerror = () => { events.close(); done(''); }; })`,
  },
  socket('a socket for events', '/api/events'),
  socket('a socket for many streams', '/api/streams'),
  socket('a socket for a log', '/logs/TASK'),
  socket('a socket with our protocol', '/api/events', "['sentra']"),
  socket('a socket with a guess at the token', '/api/events', "['sentra', 'bearer.guess']"),
  element('a picture', 'img', 'src', '/api/tasks'),
  {
    name: 'a script of JSON',
    run: `const one = document.createElement('script'); one.src = target + '/api/tasks'; document.body.append(one); return settled(one)`,
  },
  element('a module', 'script', 'src', '/api/tasks', "one.type = 'module'; one.crossOrigin = 'use-credentials';"),
  element('a style sheet', 'link', 'href', '/api/tasks', "one.rel = 'stylesheet';"),
  element('a film', 'video', 'src', '/api/tasks'),
  element('an object', 'object', 'data', '/api/tasks'),
  element('an embedded thing', 'embed', 'src', '/api/tasks'),
  element('a frame around the page', 'iframe', 'src', '/'),
  element('a frame around the API', 'iframe', 'src', '/api/tasks'),
  {
    name: 'a module that is imported',
    run: "return import(target + '/api/tasks').then((found) => JSON.stringify(found))",
  },
  form('a form that asks', '/api/tasks', "[['q', 'x']]", "form.method = 'GET';"),
  form('a form', '/api/tasks', "[['title', 'evil']]", "form.method = 'POST';"),
  form(
    'a form in parts',
    '/api/tasks',
    "[['title', 'evil']]",
    "form.method = 'POST'; form.enctype = 'multipart/form-data';",
  ),
  form(
    'a form of text that is JSON',
    '/api/tasks',
    `[['{"projectId":"x","title":"', '"}']]`,
    "form.method = 'POST'; form.enctype = 'text/plain';",
  ),
  form(
    'a form that logs in',
    '/api/login',
    `[['{"code":"', '"}']]`,
    "form.method = 'POST'; form.enctype = 'text/plain';",
  ),
  form('a form that cancels', '/api/tasks/TASK/cancel', '[]', "form.method = 'POST';"),
  {
    name: 'a window that is opened and read',
    run: `const opened = open(target + '/api/tasks'); await moment();
      try { return opened.document.body.innerText } catch { return '' } finally { opened.close() }`,
  },
  {
    name: 'a ping of a link',
    run: `const one = document.createElement('a'); one.href = '#x'; one.ping = target + '/api/tasks'; document.body.append(one); one.click(); return ''`,
  },
  {
    name: 'a worker of another origin',
    run: `return new Promise((done) => { try { const one = new Worker(target + '/api/tasks'); one.onerror = () => done(''); } catch { fetch(target + '/api/tasks', { mode: 'no-cors' }).then(() => done('')); } })`,
  },
  {
    name: 'a worker made of text',
    run: `const code = 'fetch(' + JSON.stringify(target + '/api/tasks') + ', { credentials: "include" }).then((x) => x.text()).then(postMessage, () => postMessage(""))';
      const one = new Worker(URL.createObjectURL(new Blob([code]))); return new Promise((done) => { one.onmessage = ({ data }) => done(data) })`,
  },
  {
    name: 'a cookie laid over ours',
    run: `document.cookie = 'sentra=evil; path=/api'; return fetch(target + '/api/tasks', { credentials: 'include' }).then((x) => x.text()).finally(() => { document.cookie = 'sentra=; path=/api; max-age=0' })`,
  },
  inFrame(
    'a frame without an origin',
    "fetch(target + '/api/tasks', { credentials: 'include' }).then((x) => x.text()).then(tell, () => tell(''))",
  ),
  inFrame(
    'a form without an origin',
    "const f = document.createElement('form'); f.method = 'POST'; f.action = target + '/api/tasks'; f.enctype = 'text/plain'; document.documentElement.append(f); f.submit(); tell('')",
  ),
  inFrame(
    'a socket without an origin',
    "const s = new WebSocket(target.replace('http', 'ws') + '/api/events'); s.onopen = () => tell('LEAK'); s.onerror = () => tell('')",
  ),
  {
    ...fetching('a stranger with a name: POST', '/api/tasks', `method: 'POST', mode: 'no-cors', body: ${json}`),
    from: 'evil.test',
  },
  { ...fetching('a stranger with a name: GET', '/api/tasks', ''), from: 'evil.test' },
  { ...socket('a stranger with a name: socket', '/api/events'), from: 'evil.test' },
  {
    ...fetching('the other name of this machine: POST', '/api/tasks', `method: 'POST', mode: 'no-cors', body: ${json}`),
    from: 'localhost',
  },
  { ...fetching('the other name of this machine: GET', '/api/tasks', ''), from: 'localhost' },
];
