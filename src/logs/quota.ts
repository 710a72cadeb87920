/**
 * How much of a task's log is kept. What agents and commands say stops being kept when the quota is used up, and one line says
 * so; what Sentra itself does is still told.
 */
import type { LogMetadata } from '#src/domain/log.ts';
import type { LogHead } from '#src/store/logs.ts';

const rationed: ReadonlySet<LogMetadata['kind']> = new Set([
  'message',
  'thinking',
  'tool_call',
  'tool_result',
  'output',
]);

type Use = { stored: number; waiting: number; isTold: boolean };

export class Quota {
  readonly #default: number;
  readonly #most = new Map<string, number>();
  readonly #uses = new Map<string, Use>();

  /** Bytes for a task that has no own quota. */
  constructor(bytes: number) {
    this.#default = bytes;
  }

  /** The smaller of this and the server's holds. */
  set(taskId: string, bytes: number): void {
    this.#most.set(taskId, Math.min(bytes, this.#default));
  }

  /** `last`: this line's place is taken by the one that says that it is over. */
  admit(taskId: string, { kind }: LogMetadata, size: number): 'yes' | 'no' | 'last' {
    const use = this.#ledgerOf(taskId);
    const isOver = rationed.has(kind) && use.stored + use.waiting >= this.mostOf(taskId);
    if (isOver && use.isTold) return 'no';
    use.waiting += size;
    if (!isOver) return 'yes';
    use.isTold = true;
    return 'last';
  }

  mostOf = (taskId: string): number => this.#most.get(taskId) ?? this.#default;

  /** After a commit, or a refusal. */
  settled(taskId: string, size: number, head?: LogHead): void {
    const use = this.#ledgerOf(taskId);
    use.waiting -= size;
    if (!head) return;
    use.stored = head.bytes;
    use.isTold ||= head.isFull;
  }

  #ledgerOf(taskId: string): Use {
    const known = this.#uses.get(taskId);
    if (known) return known;
    const use = { stored: 0, waiting: 0, isTold: false };
    this.#uses.set(taskId, use);
    return use;
  }
}
