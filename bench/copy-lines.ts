/** COPY of the lines that the pipeline is given into the same table: the least that storing them takes. */
import type pg from 'pg';
import { CopyRows, copyIn } from '#src/store/copy.ts';

export type CopiedLine = { taskId: string; seq: number; message: string; timestamp: string };
type Format = 'text' | 'binary';

const metadata = '{"kind":"output","toolUsed":"npm test"}';

export const copyData = (lines: readonly CopiedLine[], format: Format): Buffer =>
  format === 'text' ? asText(lines) : asBinary(lines);

export const copyLines = (client: pg.ClientBase, data: Buffer, format: Format): Promise<void> =>
  copyIn(
    client,
    `copy sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp) from stdin (format ${format})`,
    data,
  );

const asText = (lines: readonly CopiedLine[]): Buffer =>
  Buffer.from(
    lines
      .map(
        ({ taskId, seq, message, timestamp }) =>
          `${taskId}\t${seq}\t\\N\tTEST\tinfo\t${message}\t${metadata}\t${timestamp}\n`,
      )
      .join(''),
  );

function asBinary(lines: readonly CopiedLine[]): Buffer {
  const data = new CopyRows();
  for (const { taskId, seq, message, timestamp } of lines) {
    data.row(8);
    data.text(taskId);
    data.bigint(seq);
    data.text(null);
    data.text('TEST');
    data.text('info');
    data.text(message);
    data.jsonb(metadata);
    data.timestamp(timestamp);
  }
  return data.done();
}
