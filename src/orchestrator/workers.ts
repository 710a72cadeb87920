/** What people see of workers, and ask of them. */
import type { Worker } from '#src/domain/worker.ts';
import { SentraError } from '#src/errors.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { listWorkers, markWorkerDraining } from '#src/store/workers.ts';

export type Workers = { list(): Promise<Worker[]>; drain(id: string): Promise<Worker> };

export function createWorkers(parts: { database: Database; changes: Changes; lapseMs: number }): Workers {
  const list = () => listWorkers(parts.database.db, parts.lapseMs);
  return {
    list,
    async drain(id) {
      await parts.changes.change(async ({ tx, record }) => {
        if (!(await markWorkerDraining(tx, id))) throw unknown(id);
        record({ type: 'worker.changed', data: { id, state: 'draining' } });
      });
      const worker = (await list()).find((one) => one.id === id);
      if (!worker) throw unknown(id);
      return worker;
    },
  };
}

const unknown = (id: string) =>
  new SentraError('not_found', `There is no worker ${id}; \`npx sentra worker list\` shows those there are.`);
