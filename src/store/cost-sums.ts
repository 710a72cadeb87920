/** Sums over the ledger of costs. Whole micro-dollars are added by the database, so that no order gives another sum. */

import type { CostGrouping } from '#src/domain/cost.ts';
import type { Queryable } from '#src/store/database.ts';
import { type SQL, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { tasks } from '#src/store/schema.ts';
import { analyses } from '#src/store/schema-analysis.ts';
import { costs } from '#src/store/schema-costs.ts';

export type CostSum = {
  /** Of what has a price. */
  knownMicros: number;
  agentMicros: number;
  pricesMicros: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  sessions: number;
  /** Of these, those of which a part has no price. */
  unknownSessions: number;
};

export type CostFilter = { projectId?: string; since?: string; until?: string };
export type CostGroup = CostSum & { key: string; title: string | null };

const sums = sql`
  coalesce(sum(c.cost_micros), 0)::text as known,
  coalesce(sum(c.cost_micros) filter (where c.source = 'agent'), 0)::text as agent,
  coalesce(sum(c.cost_micros) filter (where c.source = 'prices'), 0)::text as prices,
  coalesce(sum(c.input_tokens), 0)::text as input, coalesce(sum(c.output_tokens), 0)::text as output,
  coalesce(sum(c.cache_read_tokens), 0)::text as cache_read, coalesce(sum(c.cache_write_tokens), 0)::text as cache_write,
  count(distinct c.session_id)::int as sessions,
  count(distinct c.session_id) filter (where c.cost_micros is null)::int as unknown`;

type SumRow = Record<'known' | 'agent' | 'prices' | 'input' | 'output' | 'cache_read' | 'cache_write', string> & {
  sessions: number;
  unknown: number;
};

const toSum = (row: SumRow): CostSum => ({
  knownMicros: Number(row.known),
  agentMicros: Number(row.agent),
  pricesMicros: Number(row.prices),
  inputTokens: Number(row.input),
  outputTokens: Number(row.output),
  cacheReadTokens: Number(row.cache_read),
  cacheWriteTokens: Number(row.cache_write),
  sessions: row.sessions,
  unknownSessions: row.unknown,
});

const keys: Record<CostGrouping, SQL> = {
  session: sql`c.session_id`,
  task: sql`c.task_id`,
  project: sql`c.project_id`,
  phase: sql`c.phase`,
  agent: sql`c.agent`,
  model: sql`c.model`,
  day: sql`to_char(c.spent_at at time zone 'UTC', 'YYYY-MM-DD')`,
  month: sql`to_char(c.spent_at at time zone 'UTC', 'YYYY-MM')`,
};

const matches = ({ projectId, since, until }: CostFilter): SQL => sql`true
  ${projectId === undefined ? sql`` : sql`and c.project_id = ${projectId}`}
  ${since === undefined ? sql`` : sql`and c.spent_at >= ${since}::timestamptz`}
  ${until === undefined ? sql`` : sql`and c.spent_at < ${until}::timestamptz`}`;

export async function sumCosts(db: Queryable, filter: CostFilter): Promise<CostSum> {
  const { rows } = await db.execute<SumRow>(sql`select ${sums} from ${costs} c where ${matches(filter)}`);
  return toSum(rows[0] as SumRow);
}

/** What was spent most on first; days and months from the newest. */
export async function groupCosts(
  db: Queryable,
  by: CostGrouping,
  filter: CostFilter,
  limit: number,
): Promise<CostGroup[]> {
  const { rows } = await db.execute<SumRow & { key: string; title: string | null }>(sql`
    select g.*, ${by === 'task' ? sql`coalesce((select t.title from ${tasks} t where t.id = g.key), (select a.name from ${analyses} a where a.id = g.key))` : sql`null`} as title from (
      select ${keys[by]} as key, ${sums}, row_number() over (order by ${orderOf(by)}) as place
      from ${costs} c where ${matches(filter)} group by 1
    ) g where place <= ${limit} order by place`);
  return rows.map((row) => ({ ...toSum(row), key: row.key, title: row.title }));
}

const orderOf = (by: CostGrouping): SQL =>
  by === 'day' || by === 'month' ? sql`${keys[by]} desc` : sql`sum(c.cost_micros) desc nulls last, ${keys[by]}`;

export type TaskCost = { taskId: string; knownMicros: number; tokens: number; isWhole: boolean };

/** Of several tasks at once, for lists. */
export async function sumTaskCosts(db: Queryable, taskIds: readonly string[]): Promise<Map<string, TaskCost>> {
  const { rows } = await db.execute<{ task_id: string; known: string; tokens: string; whole: boolean }>(sql`
    select c.task_id, coalesce(sum(c.cost_micros), 0)::text as known, bool_and(c.cost_micros is not null) as whole,
      sum(c.input_tokens + c.output_tokens + c.cache_read_tokens + c.cache_write_tokens)::text as tokens
    from ${costs} c where ${isOneOf(sql`c.task_id`, taskIds)} group by 1`);
  return new Map(
    rows.map((row) => [
      row.task_id,
      { taskId: row.task_id, knownMicros: Number(row.known), tokens: Number(row.tokens), isWhole: row.whole },
    ]),
  );
}

/** Of an attempt, all its sessions together; `isWhole` false where one has no price. */
export async function sumAttemptCosts(
  db: Queryable,
  { taskId, adwId, phase, attempt }: { taskId: string; adwId: string; phase: string; attempt: number },
): Promise<{ knownMicros: number; tokens: number; isWhole: boolean }> {
  const { rows } = await db.execute<{ known: string; tokens: string; whole: boolean }>(sql`
    select coalesce(sum(c.cost_micros), 0)::text as known, coalesce(bool_and(c.cost_micros is not null), true) as whole,
      coalesce(sum(c.input_tokens + c.output_tokens + c.cache_read_tokens + c.cache_write_tokens), 0)::text as tokens
    from ${costs} c
    where c.task_id = ${taskId} and c.adw_id = ${adwId} and c.phase = ${phase} and c.attempt = ${attempt}`);
  const [row] = rows;
  return { knownMicros: Number(row?.known), tokens: Number(row?.tokens), isWhole: row?.whole ?? true };
}
