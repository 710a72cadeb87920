/**
 * What is done about each kind of failure: the one table that attempts, the circuit breaker and people's messages follow. Pure.
 */
import type { ErrorCode } from '#src/errors.ts';

export type FailureKind =
  | 'agent'
  | 'rate_limit'
  | 'overload'
  | 'auth'
  | 'budget'
  | 'tests'
  | 'review'
  | 'conflict'
  | 'install'
  | 'git'
  | 'timeout'
  | 'idle'
  | 'lost'
  | 'cancelled'
  | 'host'
  | 'bug';

/**
 * `fresh_session`: tried again, counted by limits.agentAttempts. `again`: not the agent's fault, not counted. `wait_until`: parked
 * until the time that the failure names. `back_off`: parked for a while that grows. `person`: waits for somebody. `end`: over.
 */
export type Recovery = 'fresh_session' | 'again' | 'wait_until' | 'back_off' | 'person' | 'end';

type Rule = { kind: FailureKind; recovery: Recovery };

const person = (kind: FailureKind): Rule => ({ kind, recovery: 'person' });
const fresh = (kind: FailureKind): Rule => ({ kind, recovery: 'fresh_session' });

const rules: Partial<Record<ErrorCode, Rule>> = {
  agent_failed: fresh('agent'),
  no_changes: fresh('agent'),
  unproven: fresh('agent'),
  checks_failing: fresh('tests'),
  agent_timeout: fresh('timeout'),
  agent_idle: fresh('idle'),
  lost: { kind: 'lost', recovery: 'again' },
  rate_limited: { kind: 'rate_limit', recovery: 'wait_until' },
  overloaded: { kind: 'overload', recovery: 'back_off' },
  agent_auth: person('auth'),
  budget: person('budget'),
  agent_not_found: person('auth'),
  invalid_config: person('host'),
  isolation_unavailable: person('host'),
  ports_exhausted: person('host'),
  storage_unwritable: person('host'),
  install_failed: person('install'),
  setup_failed: person('install'),
  task_database_failed: person('install'),
  dev_server_failed: person('install'),
  tests_failing: person('tests'),
  tests_timeout: person('tests'),
  changes_requested: person('review'),
  merge_conflict: person('conflict'),
  base_checkout_dirty: person('conflict'),
  base_moved: person('conflict'),
  git_failed: person('git'),
  worktree_failed: person('git'),
  branch_exists: person('git'),
  push_refused: person('git'),
  repository_missing: person('git'),
  cancelled: { kind: 'cancelled', recovery: 'end' },
};

/** What is not in the table is nothing that a run should end with. */
export const ruleOf = (code: ErrorCode): Rule => rules[code] ?? { kind: 'bug', recovery: 'end' };

const firstBackOffMs = 30_000;
const longestBackOffMs = 15 * 60_000;

/** How long to wait before try `number` (from 1), at most a quarter of an hour; `spread` from 0 to 1 keeps many apart. */
export const backOffMs = (number: number, spread: number): number =>
  Math.min(firstBackOffMs * 2 ** (number - 1), longestBackOffMs) * (0.75 + spread / 2);
