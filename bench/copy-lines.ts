/** COPY of rows into `sentra.logs`, as pg's own connection speaks it: the least that storing them takes. */
import pg from 'pg';

type Wire = {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

const chunkRows = 500;

/** `rows`: text format, each with its line end. */
export async function copyLines(url: string, rows: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await new Promise<void>((done, fail) => {
      client.query({
        submit: (wire: Wire) =>
          wire.query('copy sentra.logs (task_id, seq, adw_id, phase, level, message, metadata, timestamp) from stdin'),
        handleCopyInResponse: (wire: Wire) => {
          for (let at = 0; at < rows.length; at += chunkRows)
            wire.sendCopyFromChunk(Buffer.from(rows.slice(at, at + chunkRows).join('')));
          wire.endCopyFrom();
        },
        handleCommandComplete: () => {},
        handleReadyForQuery: () => done(),
        handleError: fail,
      } as unknown as pg.Submittable);
    });
  } finally {
    await client.end();
  }
}
