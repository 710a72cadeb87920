/** What of a host a program of a room is after, each answering with the canary: services, sockets, a resolver, a careless proxy. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

export type Services = ReturnType<typeof createServices>;

export function createServices(canary: string) {
  const closing: (() => void)[] = [];
  const listen = async (where: object): Promise<number> => {
    const server: Server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${canary}`));
    });
    server.listen(where);
    await once(server, 'listening');
    closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  };
  return {
    listen,
    resolver: async () => {
      const socket = createSocket('udp4', (asked, from) =>
        socket.send(answerTo(asked, canary), from.port, from.address),
      );
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      closing.push(() => socket.close());
      return socket.address().port;
    },
    /** As proxies are that check nothing: `reaches` names where an unknown name leads to. */
    carelessProxy: async (reaches: Record<string, string>) => {
      const server = createServer((near) => {
        near.on('error', () => {});
        near.once('data', (data) => void joinCarelessly(near, data, reaches));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      closing.push(() => server.close());
      return (server.address() as AddressInfo).port;
    },
    close: () => {
      for (const close of closing) close();
    },
  };
}

function joinCarelessly(near: import('node:net').Socket, data: Buffer, reaches: Record<string, string>) {
  const words = data.toString('latin1');
  const requests = [...words.matchAll(/^(?:CONNECT |GET http:\/\/)([^/\r\n]*?):(\d+)[/ ]/gm)];
  const [, authority = '', port = '0'] = requests.at(-1) ?? []; // the last of those that came together
  const name = (authority.split('@').at(-1) ?? '').split(/\0|%00/)[0]?.replace(/^\[(.*)\]$|\.$/, '$1') ?? '';
  const url = `http://${name.includes(':') ? `[${name}]` : name}`;
  const host = reaches[name] ?? (URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : name);
  const far = connect({ host, port: Number(port) }, () => {
    far.write('GET / HTTP/1.0\r\n\r\n');
    far.pipe(near);
  });
  far.on('error', () => near.destroy());
}

/** RFC 1035: the question again, with one record of text. */
function answerTo(asked: Buffer, text: string): Buffer {
  const head = Buffer.from([asked[0] ?? 0, asked[1] ?? 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const end = asked.indexOf(0, 12) + 5;
  const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 1, 0, text.length + 1, text.length]);
  return Buffer.concat([head, asked.subarray(12, end), record, Buffer.from(text)]);
}
