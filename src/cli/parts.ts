import type { Client } from '#src/client/client.ts';
import type { Connection } from '#src/client/stream.ts';
import type { BackupReport, RestoreReport } from '#src/domain/backup.ts';
import type { Project } from '#src/domain/project.ts';
import type { StarterReport } from '#src/domain/starter.ts';
import type { Task } from '#src/domain/task.ts';

export type Check = { name: string; state: 'ok' | 'warning' | 'problem'; message: string };

type Progress = { onProgress: (line: string) => void; signal: AbortSignal };

/** All that the command line needs from outside. It knows the client and these, never the server. */
export type CliParts = {
  version: string;
  /** Where the server is; throws `server_unavailable` or `unauthorized` when that cannot be known. */
  connection: () => Promise<Connection>;
  /** The client for that connection, made when first needed. */
  client: () => Promise<Client>;
  /** A server, a worker, or both in this process, until stopped. Answers the exit code. */
  start: (options: { demo: boolean; roles: readonly ('server' | 'worker')[] }) => Promise<number>;
  /** Writes the starting set into the repository of `cwd`. */
  init: (options: { cwd: string; dryRun: boolean; force: boolean }) => Promise<StarterReport>;
  /** `file` is absolute. */
  backUp: (options: Progress & { file: string; repositories: boolean; force: boolean }) => Promise<BackupReport>;
  restore: (options: Progress & { file: string }) => Promise<RestoreReport>;
  doctor: () => Promise<{ ok: boolean; checks: Check[] }>;
  /** MCP over this process's stdio, until the other side closes it. Answers the exit code. */
  serveMcp: () => Promise<number>;
  /** Makes the demo, or what is missing of it. */
  demo: (client: Client, onProgress: (message: string) => void) => Promise<{ project: Project; tasks: Task[] }>;
  /** Absolute path of the folder in which the command was given. */
  cwd: string;
  /** Answers a promise where whoever has much to write should wait before the next. */
  stdout: (text: string) => unknown;
  stderr: (text: string) => void;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Whether standard output is a terminal, and how wide. */
  isTTY: boolean;
  columns: number;
};
