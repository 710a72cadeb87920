/** What `sentra backup` and `sentra restore` work on: the database of this home, also of one where Sentra is at work, and its files. */
import { type BackupOptions, makeBackup } from '#src/backup/make.ts';
import { type RestoreOptions, restoreBackup } from '#src/backup/restore.ts';
import type { Config } from '#src/config.ts';
import type { BackupReport, RestoreReport } from '#src/domain/backup.ts';
import { SentraError } from '#src/errors.ts';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { ensureToken, ensureWorkerId, findToken, prepareHome } from '#src/home.ts';
import { findStore, openStore, type Store } from '#src/open-store.ts';
import { isUnavailable, unavailable } from '#src/store/database-error.ts';
import { isShared, takeWorkerLock } from '#src/store/worker-lock.ts';

/** Throws `not_found` where there is nothing to back up, `conflict` where the file is there. */
export async function backUp(config: Config, options: BackupOptions): Promise<BackupReport> {
  if (!findToken(config.home))
    throw new SentraError(
      'not_found',
      `There is no Sentra in ${config.home}. Set SENTRA_HOME to the one to back up, and run this on its host.`,
    );
  return withStore(config, findStore, ({ database }) => makeBackup({ ...config, database }, options));
}

/** Throws `conflict` where Sentra is at work, or there are projects already; `invalid` where the file is no backup. */
export async function restore(config: Config, options: RestoreOptions): Promise<RestoreReport> {
  prepareHome(config.home);
  return withStore(config, openStore, async ({ database }) => {
    const workerId = ensureWorkerId(config.home);
    const lock = await takeWorkerLock(database.connections, workerId, () => {});
    try {
      if (!lock || (await isShared(database.connections, workerId)))
        throw new SentraError(
          'conflict',
          `Sentra is at work with ${config.home}: a restore needs a new one. Set SENTRA_HOME to a new folder.`,
        );
      const report = await restoreBackup({ ...config, database }, options);
      ensureToken(config.home);
      return report;
    } finally {
      await lock?.release();
    }
  });
}

async function withStore<T>(
  config: Config,
  open: (config: Config) => Promise<Store>,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  setGitUserEnvironment(config.userEnv);
  const { database, embedded } = await open(config);
  try {
    return await work({ database, embedded });
  } catch (e) {
    throw isUnavailable(e) ? unavailable(e) : e;
  } finally {
    const isInUse = embedded?.how === 'adopted' || (await isShared(database.connections, '').catch(() => true));
    await database.close();
    if (!isInUse) await embedded?.stop();
  }
}
