/**
 * From a producer's line to a row: accept, clean, batch, store, publish. The promise of a line resolves after its commit. The
 * lines of a task go through one lane (lane.ts), so they keep the order in which they were accepted.
 */
import { type LogLevel, type LogLine, type LogMetadata, logLevels } from '#src/domain/log.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { SentraError } from '#src/errors.ts';
import { cleanMessage, cleanMetadata } from '#src/logs/clean.ts';
import { Lane, type LaneOptions } from '#src/logs/lane.ts';
import { Quota } from '#src/logs/quota.ts';
import { createRecorder, type Recorder } from '#src/logs/recorder.ts';
import type { KnowingRedactor } from '#src/logs/redactor.ts';
import { timeText } from '#src/logs/time-text.ts';
import { Transcript } from '#src/logs/transcript.ts';
import type { Database } from '#src/store/database.ts';
import type { NewLogLine, StoredLine } from '#src/store/logs.ts';
import { storableText } from '#src/store/text.ts';

/** `attempt`: of the phase, from 1; its lines have it in their metadata. */
export type LogSubject = { taskId: string; adwId?: string | null; phase?: PhaseName | null; attempt?: number };

/**
 * Never blocks, never throws; who does not await a line need not handle its promise. Awaiting is the back-pressure: where 200,000
 * lines or 128 MiB wait because nobody did, more are refused.
 */
export type Logger = Record<LogLevel, (message: string, metadata?: object) => Promise<void>> & {
  child(about: Partial<LogSubject>): Logger;
  /** For what a program writes. */
  record(source: RecordSource): Recorder;
};

export type RecordSource = {
  /** The agent or the command, and what its lines are marked with. */
  name: string;
  metadata: LogMetadata;
  /** The default is a new one. */
  sessionId?: string;
  /** Its lines are of no interest to most people. */
  isQuiet?: boolean;
};

/** Lines in the order of their numbers; none means that the table has more than was told. */
export type LogListener = (lines: readonly LogLine[]) => void;

export type LogPipeline = {
  logger(about: LogSubject): Logger;
  /** Resolves at once, or when fewer than 20,000 lines and 16 MiB wait: for producers that do not await each line. */
  ready(): Promise<void>;
  /** Lines that were accepted since the start, and those of them that are not stored yet. */
  counts(): { accepted: number; waiting: number };
  /** Resolves when everything accepted so far is stored. */
  flush(): Promise<void>;
  /** Stores what is left; what cannot be stored within five seconds is refused with `database_unavailable`. */
  close(): Promise<void>;
  /** How many bytes of a task's log are kept, where that is less than the server's. */
  setQuota(taskId: string, bytes: number): void;
  /** Tells of a task's lines after their commit, until the returned function is called. */
  subscribe(taskId: string, listener: LogListener): () => void;
  /** Another process stored lines of a task, or of any number of them. */
  ring(taskId: string): void;
  ringAll(): void;
};

export type LogPipelineOptions = {
  database: Database;
  redact: KnowingRedactor;
  /** Told of each task whose lines were committed. */
  onStored?: (taskId: string) => void;
  /** Bytes of a task's log that are kept; the default is all. */
  quota?: number;
  /** True while the database must not grow: lines wait. */
  isDiskShort?: () => boolean;
  /** Also shows lines from a level on, to a console. */
  echo?: { level: LogLevel; write: (line: NewLogLine) => void };
};

const [softLines, softBytes] = [20_000, 16 * 1024 * 1024];
const [hardLines, hardBytes] = [200_000, 128 * 1024 * 1024];
/** So that one prepares a batch while the other's is stored. */
const laneCount = 2;
/** Of a line besides its text. */
const entryBytes = 400;

export function createLogPipeline(options: LogPipelineOptions): LogPipeline {
  const subscribers = new Map<string, Set<LogListener>>();
  const publish = (taskId: string, lines: readonly LogLine[]) => {
    for (const listener of subscribers.get(taskId) ?? []) listener(lines);
  };
  const writer = new Writer(options, publish);
  return {
    logger: (about) => createLogger(about, options, writer),
    ready: () => writer.ready(),
    counts: () => writer.counts(),
    flush: () => writer.flush(),
    close: () => writer.close(),
    setQuota: (taskId, bytes) => writer.quota.set(taskId, bytes),
    ring: (taskId) => publish(taskId, []),
    ringAll: () => {
      for (const taskId of subscribers.keys()) publish(taskId, []);
    },
    subscribe(taskId, listener) {
      const listeners = subscribers.get(taskId) ?? new Set();
      subscribers.set(taskId, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) subscribers.delete(taskId);
      };
    },
  };
}

function createLogger(about: LogSubject, options: LogPipelineOptions, writer: Writer): Logger {
  const { redact, echo } = options;
  const write = (level: LogLevel, text: string, given: object = {}) => {
    const { message, whole, size } = cleanMessage(text, redact);
    const clean = cleanMetadata(about.attempt ? { ...given, attempt: about.attempt } : given, redact);
    const metadata = whole === undefined ? clean : { ...clean, whole: { bytes: size } };
    const line: NewLogLine = {
      taskId: about.taskId,
      adwId: about.adwId ?? null,
      phase: about.phase ?? null,
      level,
      message,
      metadata,
      timestamp: timeText(),
    };
    if (echo && logLevels.indexOf(level) >= logLevels.indexOf(echo.level)) echo.write(line);
    const stored = writer.accept(line, whole, size);
    stored.catch(() => {}); // who awaits the line hears of it
    return stored;
  };
  return {
    debug: (message, metadata) => write('debug', message, metadata),
    info: (message, metadata) => write('info', message, metadata),
    warn: (message, metadata) => write('warn', message, metadata),
    error: (message, metadata) => write('error', message, metadata),
    child: (more) => createLogger({ ...about, ...more }, options, writer),
    record: (source) => startRecorder(about, source, { options, writer }),
  };
}

function startRecorder(
  about: LogSubject,
  { name, metadata, sessionId = crypto.randomUUID(), isQuiet = false }: RecordSource,
  { options, writer }: { options: LogPipelineOptions; writer: Writer },
): Recorder {
  const { database, redact: redactor, isDiskShort = () => false } = options;
  const log = createLogger(about, options, writer);
  const { taskId, adwId = null, phase = null } = about;
  const transcript = new Transcript({
    database,
    about: { sessionId, taskId, adwId, phase, name: storableText(redactor(name)) },
    quota: () => writer.quota.mostOf(taskId),
    onFull: (quota) =>
      void log.warn(
        `The raw output of this task has reached ${megabytes(quota)}, compressed: no more of this session is kept. Raise logs.maxMbPerTask in sentra.json, or SENTRA_LOG_MB of the server.`,
        { kind: 'step', quota: { bytes: quota } },
      ),
    isDiskShort,
    isClosed: () => writer.isClosed(),
  });
  return createRecorder({ sessionId, log, metadata, redactor, transcript, isQuiet });
}

class Writer {
  readonly quota: Quota;
  readonly #lanes: readonly Lane[];
  #accepted = 0;
  #roomWanted: (() => void)[] = [];

  constructor(
    { database, quota = Number.POSITIVE_INFINITY, onStored, isDiskShort = () => false }: LogPipelineOptions,
    publish: (taskId: string, lines: readonly LogLine[]) => void,
  ) {
    this.quota = new Quota(quota);
    const laneOptions: LaneOptions = {
      database,
      isDiskShort,
      onSettled: (taskId, size, head) => this.quota.settled(taskId, size, head),
      onStored: (taskId, lines) => {
        publish(taskId, lines);
        onStored?.(taskId);
      },
      onRoom: () => {
        if (this.#hasRoom()) for (const room of this.#roomWanted.splice(0)) room();
      },
    };
    this.#lanes = Array.from({ length: laneCount }, () => new Lane(laneOptions));
  }

  accept(line: NewLogLine, whole: string | undefined, textBytes: number): Promise<void> {
    const lane = this.#laneOf(line.taskId);
    const refusal = lane.isClosed
      ? closed()
      : this.#waiting('lines') >= hardLines || this.#waiting('bytes') >= hardBytes
        ? crowded()
        : undefined;
    if (refusal) return Promise.reject(refusal);
    const size = textBytes + entryBytes;
    const verdict = this.quota.admit(line.taskId, line.metadata, size);
    if (verdict === 'no') return Promise.resolve();
    this.#accepted++;
    return lane.accept(
      verdict === 'yes'
        ? { line, whole, size }
        : { line: overQuota(line, this.quota.mostOf(line.taskId)), whole: undefined, size },
    );
  }

  counts = () => ({ accepted: this.#accepted, waiting: this.#waiting('lines') });

  async ready(): Promise<void> {
    while (!this.#hasRoom()) await new Promise<void>((room) => this.#roomWanted.push(room));
  }

  async flush(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.flush()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  isClosed = () => this.#lanes.every((lane) => lane.isClosed);

  #hasRoom = () => this.#waiting('lines') < softLines && this.#waiting('bytes') < softBytes;

  #waiting = (what: 'lines' | 'bytes') => this.#lanes.reduce((sum, lane) => sum + lane[what], 0);

  #laneOf = (taskId: string): Lane => this.#lanes[taskId.charCodeAt(taskId.length - 1) % laneCount] as Lane;
}

const overQuota = (line: NewLogLine, bytes: number): StoredLine => ({
  ...line,
  level: 'warn',
  message: `The log of this task has reached ${megabytes(bytes)}: what agents and commands say is not kept from here on, what Sentra does still is. Raise logs.maxMbPerTask in sentra.json, or SENTRA_LOG_MB of the server.`,
  metadata: { kind: 'step', quota: { bytes } },
  endsQuota: true,
});

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

const closed = () => new SentraError('database_unavailable', 'The log is closed: Sentra is shutting down.');
const crowded = () =>
  new SentraError('database_unavailable', 'Too many log lines wait for the database: this one was refused.');
