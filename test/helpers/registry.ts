/** A registry of npm packages on the loopback address, made of what a test gives it: names, versions, files. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export type Package = {
  name: string;
  version?: string;
  /** On top of name and version. */
  manifest?: Record<string, unknown>;
  files?: Record<string, string>;
};

export type Registry = {
  url: string;
  /** How many archives were asked for. */
  downloads(): number;
  close(): Promise<void>;
};

export async function startRegistry(packages: readonly Package[]): Promise<Registry> {
  const archives = new Map<string, Buffer>();
  const documents = new Map<string, Record<string, unknown>>();
  let downloads = 0;
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1).replace(/\?.*$/, ''));
    const archive = archives.get(name);
    const document = documents.get(name);
    if (archive) downloads++;
    if (archive) response.setHeader('content-type', 'application/octet-stream').end(archive);
    else if (document) response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  for (const item of packages) {
    const archive = pack(item);
    const { version = '1.0.0' } = item;
    const file = `${item.name}/-/${item.name.split('/').at(-1)}-${version}.tgz`;
    archives.set(file, archive);
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const manifest = { ...manifestOf(item), dist: { tarball: `${url}${file}`, integrity } };
    documents.set(item.name, {
      name: item.name,
      'dist-tags': { latest: version },
      versions: { [version]: manifest },
      time: { [version]: '2020-01-01T00:00:00.000Z' },
    });
  }
  return {
    url,
    downloads: () => downloads,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const manifestOf = ({ name, version = '1.0.0', manifest = {} }: Package) => ({ name, version, ...manifest });

/** What `npm pack` makes. */
export function pack(item: Package): Buffer {
  const files = { 'package.json': JSON.stringify(manifestOf(item)), ...item.files };
  const blocks = Object.entries(files).flatMap(([name, text]) => entry(`package/${name}`, Buffer.from(text)));
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]), { level: 1 });
}

/** One file of a POSIX (ustar) archive. */
function entry(name: string, content: Buffer): Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(content.length, 12) + octal(499162500, 12), 100);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
