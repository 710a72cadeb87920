/** Is a dev server ready? One question at a time, over the same way that people reach it by. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf } from '#src/errors.ts';

export type Health = { ok: true } | { ok: false; reached: boolean; problem: string };

export type HealthQuestion = {
  connect: () => Promise<Socket>;
  /** False: it is enough that a connection is accepted. */
  ready: string | false;
  port: number;
  timeoutMs: number;
};

const acceptedMs = 300;

/** Any HTTP answer below 500 is good; a program that speaks something else is good when it accepts. */
export async function checkHealth(question: HealthQuestion): Promise<Health> {
  try {
    const socket = await question.connect();
    return question.ready === false ? await isAccepted(socket) : await ask(socket, question);
  } catch (e) {
    return { ok: false, reached: false, problem: `nothing listens (${messageOf(e)})` };
  }
}

/** Behind a relay every connection is accepted, and closed at once where nobody listens. */
function isAccepted(socket: Socket): Promise<Health> {
  return new Promise((done) => {
    const end = (health: Health) => {
      clearTimeout(timer);
      socket.destroy();
      done(health);
    };
    const timer = setTimeout(() => end({ ok: true }), acceptedMs);
    socket.once('data', () => end({ ok: true }));
    socket.once('close', () => end({ ok: false, reached: false, problem: 'nothing listens' }));
    socket.once('error', () => {}); // it closes next
  });
}

function ask(socket: Socket, { ready, port, timeoutMs }: HealthQuestion): Promise<Health> {
  return new Promise((done) => {
    const end = (health: Health) => {
      clearTimeout(timer);
      socket.destroy();
      done(health);
    };
    const fail = (reached: boolean, problem: string) => end({ ok: false, reached, problem });
    // Ours, not the request's: a request on a socket that is closed already neither fails nor times out.
    const timer = setTimeout(() => fail(true, `${ready} did not answer within ${timeoutMs / 1000} s`), timeoutMs);
    socket.once('close', () => fail(false, 'nothing listens'));
    const outgoing = request({
      createConnection: () => socket as Duplex,
      path: ready || '/',
      headers: { host: `localhost:${port}`, accept: '*/*', connection: 'close' },
    });
    outgoing.on('response', ({ statusCode = 500 }) =>
      statusCode < 500 ? end({ ok: true }) : fail(true, `${ready} answers ${statusCode}`),
    );
    outgoing.on('error', (e: NodeJS.ErrnoException) =>
      e.code?.startsWith('HPE_')
        ? end({ ok: true }) // it speaks, though not HTTP
        : fail(false, `nothing listens (${e.message})`),
    );
    if (socket.destroyed) fail(false, 'nothing listens');
    else outgoing.end();
  });
}
