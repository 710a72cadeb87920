/**
 * The way from the host to a dev server. A confined one is behind a unix socket that its room made: what is in that folder
 * is the work of untrusted code, so a link there is never followed, and nothing but a socket is connected to.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import path from 'node:path';

// Linux only, as rooms are. A descriptor that stands for the file itself, whatever its name becomes meanwhile.
const O_PATH = 0o10000000;

/** Throws what the system says when nothing is there or it is no socket. */
export async function connectDoor(folder: string, port: number): Promise<Socket> {
  const door = await open(path.join(folder, `${port}.sock`), O_PATH | constants.O_NOFOLLOW);
  try {
    if (!(await door.stat()).isSocket()) throw new Error(`What is at port ${port} is no socket.`);
    return await connected({ path: `/proc/self/fd/${door.fd}` });
  } finally {
    void door.close(); // not waited for: what the socket tells meanwhile would be heard by nobody
  }
}

/** To a program of this host. */
export async function connectLoopback(port: number): Promise<Socket> {
  try {
    return await connected({ host: '127.0.0.1', port });
  } catch {
    return connected({ host: '::1', port });
  }
}

function connected(to: NetConnectOpts): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(to);
    socket.once('connect', () => {
      socket.off('error', fail);
      done(socket);
    });
    socket.once('error', fail);
  });
}
