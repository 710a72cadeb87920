/** The steps that DBOS has recorded, without their results, which can be megabytes: its client would load all of them. */
import type pg from 'pg';

/** `number` counts from 0 in the order of the calls. Times are ISO 8601. */
export type StepRecord = { number: number; name: string; startedAt: string; endedAt: string; failed: boolean };

type Row = {
  function_id: number;
  function_name: string;
  started: string | null;
  ended: string | null;
  failed: boolean;
};

export async function listSteps(pool: pg.Pool, workflowId: string): Promise<StepRecord[]> {
  // An expected failure is a result like any other (step.ts), and stands at its very beginning.
  const { rows } = await pool.query<Row>(
    `select function_id, function_name, started_at_epoch_ms::text as started, completed_at_epoch_ms::text as ended,
       error is not null or coalesce(left(output, 40) like '{"json":{"failure":%', false) as failed
     from dbos.operation_outputs where workflow_uuid = $1 order by function_id`,
    [workflowId],
  );
  return rows.flatMap(({ function_id, function_name, started, ended, failed }) =>
    started && ended
      ? [{ number: function_id, name: function_name, startedAt: toIso(started), endedAt: toIso(ended), failed }]
      : [],
  );
}

const toIso = (epochMs: string): string => new Date(Number(epochMs)).toISOString();
