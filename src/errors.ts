/**
 * Expected failures. Every one has a code from the union below, a message that names the thing, what was tried
 * and what to do next. Each door maps the code once: HTTP status (`httpStatus`), exit code, MCP error.
 * What the domain talks about (tests failed, a merge conflicts) is data, not an exception, until it ends a run.
 */
const statuses = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  already_running: 409,
  not_allowed: 409,
  dependency_cycle: 409,
  merge_conflict: 409,
  base_moved: 409,
  base_checkout_dirty: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  not_a_repository: 400,
  bare_repository: 400,
  empty_repository: 400,
  own_worktree: 400,
  repository_missing: 409,
  invalid_config: 400,
  branch_exists: 409,
  worktree_failed: 500,
  git_failed: 500,
  push_refused: 409,
  forge_unavailable: 503,
  forge_limited: 503,
  forge_refused: 409,
  forge_auth: 409,
  ports_exhausted: 503,
  install_failed: 409,
  setup_failed: 409,
  task_database_failed: 409,
  agent_not_found: 409,
  agent_failed: 409,
  agent_idle: 409,
  agent_timeout: 409,
  agent_auth: 409,
  rate_limited: 409,
  overloaded: 409,
  budget: 409,
  isolation_unavailable: 409,
  no_changes: 409,
  unproven: 409,
  checks_failing: 409,
  tests_failing: 409,
  tests_timeout: 409,
  dev_server_failed: 409,
  changes_requested: 409,
  cancelled: 409,
  lost: 409,
  storage_unwritable: 500,
  database_unavailable: 503,
  server_unavailable: 503,
  timed_out: 504,
  bug: 500,
} as const;

export type ErrorCode = keyof typeof statuses;
export const errorCodes = Object.keys(statuses) as [ErrorCode, ...ErrorCode[]];

/** What a failure looks like as data: in rows, in step results, in HTTP answers. */
export type Failure = { code: ErrorCode; message: string; details?: unknown };

export class SentraError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SentraError';
    this.code = code;
    this.details = options.details;
  }

  toFailure(): Failure {
    return {
      code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  static from(failure: Failure): SentraError {
    return new SentraError(failure.code, failure.message, { details: failure.details });
  }
}

/** The HTTP status that a code answers with. */
export const httpStatus = (code: ErrorCode): number => statuses[code];

/** Drizzle wraps what failed in an error whose message is the query with its values: not for eyes, and it hides the reason. */
const unwrapQuery = (thrown: unknown): unknown =>
  thrown instanceof Error && 'query' in thrown && 'params' in thrown && thrown.cause instanceof Error
    ? thrown.cause
    : thrown;

/** Where a fault of ours was thrown. */
export function stackOf(thrown: unknown): string {
  const inner = unwrapQuery(thrown);
  return inner instanceof Error ? (inner.stack ?? inner.message) : String(inner);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  const inner = unwrapQuery(thrown);
  return inner instanceof Error ? inner.message : String(inner);
}
