/**
 * A backup of a million log lines, and its restore. The floor is the same rows alone: COPY of the one table through gzip to a file, and
 * back into an empty one with its indexes.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { makeBackup } from '#src/backup/make.ts';
import { restoreBackup } from '#src/backup/restore.ts';
import { readConfig } from '#src/config.ts';
import { newProjectId } from '#src/domain/ids.ts';
import { openStore, type Store } from '#src/open-store.ts';
import { type Benchmark, interleave, type Result } from './benchmark.ts';
import { seedLines } from './log-lines.ts';

export const backup: Benchmark = {
  name: 'backup',
  title: 'a million log lines into a backup and back',
  async measure(say, option) {
    const lines = Number(option ?? 200_000);
    const home = await mkdtemp(path.join(os.tmpdir(), 'sentra-bench-'));
    await chmod(home, 0o755);
    const store = await openStore(readConfig({ SENTRA_HOME: home }));
    try {
      await seedLines(store.database.pool, lines, newProjectId());
      say(`${lines * 5} lines stored`);
      return await measureBoth(store, home, say);
    } finally {
      await store.database.close();
      await store.embedded?.stop();
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function measureBoth({ database }: Store, home: string, say: (line: string) => void): Promise<Result[]> {
  const [file, plain] = [path.join(home, 'bench.tar.gz'), path.join(home, 'bench.gz')];
  const place = { home, version: 'bench', database };
  const common = { file, onProgress: () => {}, signal: new AbortController().signal };
  const clear = () => database.pool.query('truncate sentra.projects, sentra.logs, sentra.log_heads cascade');
  const runs = { warmUps: 1, runs: 3, say };
  const made = await interleave(
    'backup',
    {
      value: () => timed(() => makeBackup(place, { ...common, repositories: true, force: true })),
      floor: () =>
        withClient(database, (client) =>
          timed(() =>
            pipeline(
              client.query(copyTo('copy sentra.logs to stdout')),
              createGzip({ level: 3 }),
              createWriteStream(plain),
            ),
          ),
        ),
    },
    runs,
  );
  const { size: extraBytes } = await stat(file);
  const restored = await interleave(
    'restore',
    {
      value: async () => {
        await clear();
        return timed(() => restoreBackup(place, common));
      },
      floor: async () => {
        await clear();
        return withClient(database, (client) =>
          timed(() =>
            pipeline(createReadStream(plain), createGunzip(), client.query(copyFrom('copy sentra.logs from stdin'))),
          ),
        );
      },
    },
    runs,
  );
  return [{ ...made, extraBytes }, restored];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

type Client = Awaited<ReturnType<Store['database']['connections']['connect']>>;

async function withClient<T>({ connections }: Store['database'], work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connections.connect('sentra bench');
  return work(client).finally(() => client.end());
}
