/** COPY of rows in PostgreSQL's binary format: it quotes nothing, parses nothing, and pages are filled many rows at a time. */
import type pg from 'pg';

const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const nothing = -1;
/** PostgreSQL counts time from 2000-01-01. */
const epochMs = 946_684_800_000;
const twoTo32 = 2 ** 32;
const chunkBytes = 64 * 1024;

/** Rows for one COPY. Each begins with `row`; then come its columns in the statement's order. */
export class CopyRows {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #end = signature.copy(this.#bytes);
  #time = { iso: '', micros: 0 }; // the last one: neighbours often share theirs

  row(columns: number): void {
    this.#reserve(2);
    this.#end = this.#bytes.writeInt16BE(columns, this.#end);
  }

  text(value: string | null): void {
    this.#reserve(4 + (value?.length ?? 0) * 3);
    const length = value === null ? nothing : this.#bytes.write(value, this.#end + 4);
    this.#end = this.#bytes.writeInt32BE(length, this.#end) + Math.max(0, length);
  }

  jsonb(json: string): void {
    this.#reserve(5 + json.length * 3);
    const length = this.#bytes.write(json, this.#end + 5);
    this.#end = this.#bytes.writeInt32BE(length + 1, this.#end);
    this.#end = this.#bytes.writeUInt8(1, this.#end) + length; // the version of jsonb's wire format
  }

  bigint(value: number): void {
    this.#reserve(12);
    this.#end = this.#bytes.writeInt32BE(8, this.#end);
    this.#end = this.#bytes.writeInt32BE(Math.floor(value / twoTo32), this.#end);
    this.#end = this.#bytes.writeUInt32BE(value - Math.floor(value / twoTo32) * twoTo32, this.#end);
  }

  timestamp(iso: string): void {
    if (iso !== this.#time.iso) this.#time = { iso, micros: (Date.parse(iso) - epochMs) * 1_000 };
    this.bigint(this.#time.micros);
  }

  done(): Buffer {
    this.row(nothing);
    return this.#bytes.subarray(0, this.#end);
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

type Wire = { query(text: string): void; sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };

/** `statement`: a `copy … from stdin`, in the format of `data`. */
export function copyIn(client: pg.ClientBase, statement: string, data: Buffer): Promise<void> {
  return new Promise((done, fail) => {
    client.query({
      submit: (wire: Wire) => wire.query(statement),
      handleCopyInResponse: (wire: Wire) => {
        for (let at = 0; at < data.length; at += chunkBytes) wire.sendCopyFromChunk(data.subarray(at, at + chunkBytes));
        wire.endCopyFrom();
      },
      handleCommandComplete: () => {},
      handleReadyForQuery: () => done(),
      handleError: fail,
    } as unknown as pg.Submittable);
  });
}
