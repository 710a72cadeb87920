/**
 * A way to one database for programs behind the wall: a unix socket that speaks PostgreSQL's protocol. Each connection is
 * logged in by us, always to that database, whatever it asks for; from then on bytes pass through. So neither the password
 * nor another database of the server is ever within reach of an agent. (Protocol: PostgreSQL manual, "Message Formats".)
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { messageOf } from '#src/errors.ts';

export type DatabaseRelay = { socketPath: string; close(): Promise<void> };

/** Listens on `socketPath`; connections end with `close`. */
export async function startDatabaseRelay(options: { socketPath: string; url: string }): Promise<DatabaseRelay> {
  const open = new Set<Socket>();
  const server: Server = createServer((near) => {
    open.add(near);
    near.on('close', () => open.delete(near));
    near.on('error', () => near.destroy());
    void serve(near, options.url).catch(() => near.destroy());
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(options.socketPath, done));
  return {
    socketPath: options.socketPath,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const near of open) near.destroy();
      }),
  };
}

const encryptionRequests = new Set([80877103, 80877104]);
const cancelRequest = 80877102;
const maxStartup = 10_000;

async function serve(near: Socket, url: string): Promise<void> {
  for (;;) {
    const { code, body } = await readStartup(near);
    if (encryptionRequests.has(code)) near.write('N');
    else if (code === cancelRequest) return cancel(near, url, body);
    else return join(near, url, parametersOf(body));
  }
}

/** The messages before a login have no type, only a length, a code and a rest. A client waits for an answer after each. */
async function readStartup(near: Socket): Promise<{ code: number; body: Buffer }> {
  let got = Buffer.alloc(0);
  for (;;) {
    const length = got.length < 4 ? undefined : got.readInt32BE(0);
    if (length !== undefined && (length < 8 || length > maxStartup || got.length > length))
      throw new Error('no message of PostgreSQL');
    if (length === got.length) return { code: got.readInt32BE(4), body: got.subarray(8) };
    const chunk: Buffer | null = near.read();
    if (chunk) got = Buffer.concat([got, chunk]);
    else if (near.readableEnded || near.destroyed) throw new Error('the connection ended early');
    else await moreOf(near);
  }
}

const wakers = ['readable', 'end', 'close'];

function moreOf(near: Socket): Promise<void> {
  return new Promise((done) => {
    const wake = () => {
      for (const name of wakers) near.off(name, wake);
      done();
    };
    for (const name of wakers) near.on(name, wake);
  });
}

function parametersOf(body: Buffer): Map<string, string> {
  const words = body.toString('utf8').split('\0');
  const parameters = new Map<string, string>();
  for (let i = 0; words[i]; i += 2) parameters.set(words[i] ?? '', words[i + 1] ?? '');
  return parameters;
}

/** What pg knows of a connection and does not show in its types. */
type Inside = { connection: { stream: Socket; on(name: string, listen: (message: never) => void): void } };

async function join(near: Socket, url: string, asked: ReadonlyMap<string, string>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => near.destroy());
  const { connection } = client as unknown as Inside;
  const told = new Map<string, string>();
  let key = { processID: 0, secretKey: 0 };
  connection.on('parameterStatus', (m: { parameterName: string; parameterValue: string }) =>
    told.set(m.parameterName, m.parameterValue),
  );
  connection.on('backendKeyData', (m: typeof key) => {
    key = m;
  });
  try {
    await client.connect();
    for (const [name, value] of settingsOf(asked))
      await client.query('select set_config($1, $2, false)', [name, value]);
  } catch (e) {
    near.end(message('E', Buffer.from(`SFATAL\0VFATAL\0C${codeOf(e)}\0M${messageOf(e)}\0\0`)));
    await client.end().catch(() => {}); // it was never there
    return;
  }
  const far = connection.stream;
  for (const name of ['data', 'end', 'close']) far.removeAllListeners(name);
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
  near.write(message('R', int32(0)));
  for (const [name, value] of told) near.write(message('S', Buffer.from(`${name}\0${value}\0`)));
  near.write(message('K', Buffer.concat([int32(key.processID), int32(key.secretKey)])));
  near.write(message('Z', Buffer.from('I')));
  far.pipe(near).pipe(far);
}

/** What a client wants of its session; where and as whom is not its to say. */
function settingsOf(asked: ReadonlyMap<string, string>): [string, string][] {
  const ours = new Set(['user', 'database', 'options', 'replication']);
  const options = [...(asked.get('options') ?? '').matchAll(/(?:-c\s*|--)([\w.-]+)=((?:\\.|[^\s\\])*)/g)];
  return [
    ...[...asked].filter(([name]) => !ours.has(name) && !name.startsWith('_pq_.')),
    ...options.map(([, name = '', value = '']): [string, string] => [
      name.replaceAll('-', '_'),
      value.replace(/\\(.)/g, '$1'),
    ]),
  ];
}

/** A request to stop a query comes on a connection of its own and carries the key of the other. */
function cancel(near: Socket, url: string, key: Buffer): void {
  const { hostname, port } = new URL(url);
  const far = connect({ host: hostname || 'localhost', port: Number(port || 5432) }, () =>
    far.end(Buffer.concat([int32(16), int32(cancelRequest), key])),
  );
  far.on('error', () => near.destroy());
  far.on('close', () => near.end());
}

const codeOf = (thrown: unknown): string => {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && code.length === 5 ? code : '08006';
};

const message = (type: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
