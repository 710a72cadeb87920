/** What is kept of what tasks say: lines, what is beside them, what readers find them by. */
import { boolean, customType, index, integer, jsonb, primaryKey, text } from '#src/store/drizzle.ts';
import { at, createdAt, number, sentra } from '#src/store/schema.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const logs = sentra.table(
  'logs',
  {
    taskId: text('task_id').notNull(),
    seq: number('seq').notNull(),
    adwId: text('adw_id'),
    phase: text(),
    level: text().notNull(),
    message: text().notNull(),
    metadata: jsonb().$type<Record<string, unknown>>().notNull(),
    timestamp: at('timestamp').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.seq] }), index('logs_by_time').using('brin', t.timestamp)],
);

/** The last number given to a line of a task; its row lock orders the commits of a task's batches. */
export const logHeads = sentra.table('log_heads', {
  taskId: text('task_id').primaryKey(),
  lastSeq: number('last_seq').notNull(),
  /** Of all its lines as they are kept, and of what its programs wrote, compressed. */
  bytes: number('bytes').notNull().default(0),
  rawBytes: number('raw_bytes').notNull().default(0),
  /** It was told that the quota is used up. */
  isFull: boolean('is_full').notNull().default(false),
  /** What retention took away, in all. */
  removedLines: number('removed_lines').notNull().default(0),
  removedBytes: number('removed_bytes').notNull().default(0),
  removedAt: at('removed_at'),
});

/** What was too long for a line, compressed (zstd). */
export const logWholes = sentra.table(
  'log_wholes',
  {
    taskId: text('task_id').notNull(),
    seq: number('seq').notNull(),
    data: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.seq] })],
);

/** What is in a stretch of a task's lines, noted after the fact: readers pass over those that have nothing for them. */
export const logBlocks = sentra.table(
  'log_blocks',
  {
    taskId: text('task_id').notNull(),
    /** From 0: lines `block * linesPerBlock + 1` on. The last one of a task may grow. */
    block: integer().notNull(),
    lastSeq: number('last_seq').notNull(),
    since: at('since').notNull(),
    until: at('until').notNull(),
    /** Phase, level, source and attempt of each line, a byte for all (domain/log-marks.ts). */
    marks: bytea().notNull(),
    /** The messages, one a line; a line end within a message is a vertical tab here. */
    text: text().notNull(),
    trigrams: integer().array().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.taskId, t.block] }),
    index('log_blocks_by_trigram').using('gin', t.trigrams),
    index('log_blocks_by_time').on(t.until),
  ],
);

/** What agents and commands wrote, byte for byte but for secrets, in compressed blocks. One that has `record` is of an earlier version. */
export const transcripts = sentra.table(
  'transcripts',
  {
    /** The session of an agent, or one of its own for each command. */
    sessionId: text('session_id').notNull(),
    seq: integer().notNull(),
    taskId: text('task_id'),
    adwId: text('adw_id'),
    phase: text(),
    /** The agent or the command. */
    name: text(),
    stream: text(),
    /** Where it begins in its stream of the session, and its length, uncompressed. */
    start: number('start').notNull().default(0),
    bytes: number('bytes').notNull().default(0),
    data: bytea(),
    record: text(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.seq] }), index('transcripts_by_task').on(t.taskId)],
);
