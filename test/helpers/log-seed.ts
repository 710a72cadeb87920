/** Log lines by the million, written past the pipeline: what is looked at is how they are read. */
import pg from 'pg';
import { startEmbedded } from '#src/store/postgres.ts';

const esc = '\u001b';

/** Line n of CODE says `line n`; each 50th is long and in colours, each 100th a warning, each 1,000th an error of TEST that says `needle`. */
const seed = `
insert into sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp)
select $1, n, null,
  case when n % 1000 = 0 then 'TEST' else 'CODE' end,
  case when n % 1000 = 0 then 'error' when n % 100 = 0 then 'warn' else 'info' end,
  case when n % 1000 = 0 then 'line ' || n || ' holds a needle'
    when n % 50 = 0 then '${esc}[32m✓${esc}[39m line ' || n || repeat(' of many words', 20)
    else '${esc}[36m❯${esc}[39m line ' || n || ' of src/webhooks/deliver.ts' end,
  '{"kind":"output"}', timestamptz '2026-11-21T12:00:00Z' + n * interval '7 milliseconds'
from generate_series($2::bigint, $3::bigint) n`;

/** Lines 1 to `count` of a task that has none. */
export async function seedLog(home: string, taskId: string, count: number): Promise<void> {
  const { url } = await startEmbedded({ home });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(seed, [taskId, 1, count]);
    await client.query('insert into sentra.log_heads (task_id, last_seq) values ($1, $2)', [taskId, count]);
    await client.query('commit');
  } finally {
    await client.end();
  }
}
