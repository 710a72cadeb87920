/** Lines as tools and agents write them, made in the database: one task with many, and others with four times as many in all. */
import { createHash } from 'node:crypto';
import type pg from 'pg';

export const bigTask = 'task-benchbig0001';
const smallTaskLines = 10_000;

/** Every thousandth line of the big task ends with a word that no other line has. */
export const needleAt = (seq: number): string => createHash('md5').update(String(seq)).digest('hex');

const words =
  'undefined is not a function module cannot find resolve request response worktree branch merge commit test passed failed expected received timeout connection refused harbor tariff berth ship tide money compile bundle asset chunk render component hook state effect query index migrate schema column table select insert update delete deploy build lint format cache lease slot worker agent plan review verdict comment patch diff file folder path line token'.split(
    ' ',
  );

export async function seedLines(pool: pg.Pool, lines: number, projectId: string): Promise<void> {
  await pool.query(
    `insert into sentra.projects (id, name, path, base_branch, git_dir) values ($1, 'bench', '/bench', 'main', '/bench/.git')`,
    [projectId],
  );
  const small = Math.ceil((lines * 4) / smallTaskLines);
  await pool.query(seed, [words, lines, small, bigTask, smallTaskLines]);
  await pool.query(
    'insert into sentra.log_heads (task_id, last_seq) select task_id, max(seq) from sentra.logs group by task_id',
  );
  await pool.query('analyze sentra.logs');
}

const seed = `
insert into sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp)
select task_id, seq, 'adw-bench0000001',
  (array['PLAN','CODE','TEST','REVIEW'])[1 + seq * 4 / (n + 1)],
  case when h % 200 = 0 then 'error' when h % 40 = 1 then 'warn' when h % 14 = 2 then 'debug' else 'info' end,
  case when seq % 1000 = 1 and n = $2 then 'the needle of this haystack ' || w1 || ' ' || md5(seq::text)
  else case h % 8
    when 0 then 'GET /api/' || w1 || '/' || h % 10000 || ' 200 in ' || h % 977 || ' ms'
    when 1 then 'compiled src/' || w1 || '/' || w2 || '.ts in ' || h % 313 || ' ms'
    when 2 then '    at ' || w1 || ' (/code/src/' || w2 || '/' || w3 || '.ts:' || h % 400 || ':' || h % 80 || ')'
    when 3 then '✓ ' || w1 || ' ' || w2 || ' ' || w3 || ' (' || h % 90 || ' ms)'
    when 4 then 'The ' || w1 || ' of the ' || w2 || ' needs a ' || w3 || ', so I will look at ' || w2 || '/' || w1 || '.ts first.'
    when 5 then 'sha ' || substr(md5(h::text), 1, 12) || ' ' || w1 || ' ' || w2
    when 6 then '{"level":"info","' || w1 || '":' || h || ',"' || w2 || '":"' || w3 || '"}'
    else 'TypeError: ' || w1 || '.' || w2 || ' is not a function while ' || w3 || ' #' || h % 100000 end end,
  '{}'::jsonb, '2026-11-20'::timestamptz + (t * 37 + seq) * interval '20 ms'
from (
  select *, ($1::text[])[1 + h % 64] as w1, ($1::text[])[1 + h / 7 % 64] as w2, ($1::text[])[1 + h / 449 % 64] as w3
  from (
    select t, seq, n, case when t = 0 then $4 else 'task-bench' || lpad(t::text, 7, '0') end as task_id,
      hashint8(t * 10000000::bigint + seq)::bigint & 2147483647 as h
    from generate_series(0, $3::int) t,
      lateral (select case when t = 0 then $2::bigint else $5::bigint end as n) as size,
      lateral generate_series(1, n) as seq
  ) as line
) as told`;
