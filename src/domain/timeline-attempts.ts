/** Phases, their attempts, and what worked in them: sessions of agents, commands of the project. Pure. */
import { known, newSpan, rootId, type Span, type SpanStatus } from '#src/domain/span.ts';
import type { AttemptFacts, SessionFacts, TimelineFacts } from '#src/domain/timeline-facts.ts';
import { interruptionsOf, mergeStart } from '#src/domain/timeline-waits.ts';

const attemptStep = /^(PLAN|CODE|TEST|REVIEW) (\d+): (.+)$/;

/** `CODE 2: close` is `close` of an attempt; undefined for what is not of one. */
export function readStepName(name: string): { attemptId: string; rest: string } | undefined {
  const [, phase = '', attempt = '', rest = ''] = attemptStep.exec(name) ?? [];
  // Pushes go on beside the next phase, and while a run is parked nothing of the attempt is at work.
  return phase && !/^(push|park|go on)$/.test(rest) ? { attemptId: idOf({ phase, attempt }), rest } : undefined;
}

const idOf = ({ phase, attempt }: { phase: string; attempt: number | string }): string => `attempt:${phase}:${attempt}`;

/** Steps that belong to an attempt begin before its row is written, and end after it. */
export function attemptSpans({ run, steps }: TimelineFacts): Span[] {
  const around = Map.groupBy(steps, ({ name }) => readStepName(name)?.attemptId);
  return [...(run?.phases ?? [])].sort(byStart).map((attempt): Span => {
    const { phase, attempt: number, state, agent, commit, error } = attempt;
    const own = around.get(idOf(attempt)) ?? [];
    const start = attempt.startedAt ?? run?.startedAt ?? '';
    const startedAt = [start, ...own.map((step) => step.startedAt)].sort()[0] ?? start;
    const endedAt = attempt.endedAt && ([attempt.endedAt, ...own.map((step) => step.endedAt)].sort().at(-1) ?? null);
    return {
      ...newSpan('attempt', idOf(attempt), `${phase}, attempt ${number}`, { startedAt, endedAt }),
      status: statusOf(attempt),
      attributes: known({ phase, attempt: number, state, agent, commit, ...errorOf(error) }),
      cost: sumCosts([attempt]),
    };
  });
}

function statusOf({ state, error }: AttemptFacts): SpanStatus {
  if (state === 'failed') return error?.code === 'cancelled' ? 'cancelled' : 'error';
  return state === 'running' || state === 'pending' ? 'running' : 'ok';
}

/** One for attempts of the same phase in a row; it becomes the parent of each. */
export function phaseSpans({ run }: TimelineFacts, attempts: readonly Span[]): Span[] {
  const facts = new Map((run?.phases ?? []).map((attempt) => [idOf(attempt), attempt]));
  const groups: Span[][] = [];
  for (const attempt of attempts) {
    const group = groups.at(-1);
    if (group && group[0]?.attributes.phase === attempt.attributes.phase) group.push(attempt);
    else groups.push([attempt]);
  }
  return groups.flatMap((group) => {
    const [first, last] = [group[0], group.at(-1)];
    if (!first || !last) return [];
    const name = String(first.attributes.phase);
    const phase = newSpan('phase', `phase:${name}:${first.attributes.attempt}`, name, {
      ...first,
      endedAt: last.endedAt,
      parentId: rootId,
    });
    for (const attempt of group) attempt.parentId = phase.id;
    const { status, attributes } = last;
    const { error, message, state } = attributes;
    const skipped = state === 'skipped' ? state : null;
    const told = known({ phase: name, attempts: group.length, state: skipped, error, message });
    const cost = sumCosts(group.flatMap(({ id }) => facts.get(id) ?? []));
    return [{ ...phase, status, attributes: told, cost }];
  });
}

export function sessionSpans(facts: TimelineFacts, attempts: readonly Span[]): Span[] {
  return facts.sessions.map((session, at): Span => {
    const { id, startedAt, outcome, usage, costUsd, phase, attempt, agent, agentSessionId, model, message } = session;
    const told = { phase, attempt, agent, agentSessionId, model, outcome, message };
    const cut = cutOff(facts, session, at);
    const endedAt = cut ?? session.endedAt;
    const ended = outcome === 'done' ? 'ok' : outcome === 'cancelled' ? 'cancelled' : 'error';
    return {
      ...newSpan('session', `session:${id}`, agent, { startedAt, endedAt, parentId: parentOf(session, attempts) }),
      status: endedAt === null ? 'running' : ended,
      attributes: known({ sessionId: id, ...told, interrupted: cut ? true : null, ...usage }),
      cost: { usd: costUsd, tokens: Object.values(usage ?? {}).reduce((sum, n) => sum + n, 0) },
    };
  });
}

/** The span of the merge that came about. */
export const mergeIdOf = (facts: TimelineFacts): string | undefined =>
  mergeStart(facts) && facts.pullRequest ? `merge:${facts.pullRequest.number}` : undefined;

const parentOf = (at: { phase: string; attempt: number }, attempts: readonly Span[]): string =>
  attempts.find(({ id }) => id === idOf(at))?.id ?? rootId;

/** When a session was cut off: with its execution, which somebody may have noted only later; else by what took its place, or with the run. */
function cutOff(
  facts: TimelineFacts,
  { startedAt, endedAt, phase, attempt }: SessionFacts,
  at: number,
): string | undefined {
  const gap = interruptionsOf(facts).find(
    (one) => (one.endedAt ?? '') > startedAt && (endedAt === null || one.startedAt < endedAt),
  );
  if (endedAt && !gap) return undefined;
  const next = facts.sessions.slice(at + 1).find((other) => other.phase === phase && other.attempt === attempt);
  const end = gap?.startedAt ?? next?.startedAt ?? facts.run?.endedAt ?? undefined;
  return end && end < startedAt ? startedAt : end;
}

/** The project's own commands that Sentra ran for proof, and the one that runs now. What was tested for a merge belongs to that. */
export function testSpans(facts: TimelineFacts, attempts: readonly Span[]): Span[] {
  const { evidence, marks, run } = facts;
  const mergeParent = mergeIdOf(facts) ?? rootId;
  const ended = evidence.flatMap((item): Span[] => {
    const { command, durationMs } = item.data;
    if (typeof command !== 'string' || typeof durationMs !== 'number') return [];
    const { id, kind, passed, exitCode, createdAt } = item;
    const startedAt = new Date(Date.parse(createdAt) - durationMs).toISOString();
    const parentId = kind === 'merge' ? mergeParent : parentOf(item, attempts);
    const attributes = known({ command, kind, phase: kind === 'merge' ? null : item.phase, exitCode });
    const test = newSpan('test', `test:${id}`, command, { startedAt, endedAt: createdAt, parentId });
    return [{ ...test, status: passed ? 'ok' : 'error', attributes }];
  });
  const open = attempts.find(
    ({ status, attributes: { phase, agent } }) => status === 'running' && phase === 'TEST' && !agent,
  );
  const begun = marks.findLast(
    ({ phase, metadata: { kind, toolUsed } }) => phase === 'TEST' && kind === 'step' && toolUsed,
  );
  if (!open || !begun || run?.endedAt || begun.timestamp < open.startedAt) return ended;
  const command = String(begun.metadata.toolUsed);
  const place = { startedAt: begun.timestamp, endedAt: null, parentId: open.id };
  return [
    ...ended,
    { ...newSpan('test', `test:${open.id}`, command, place), status: 'running', attributes: { command } },
  ];
}

export const errorOf = (error: { code: string; message: string } | null): Record<string, string> =>
  error ? { error: error.code, message: error.message } : {};

/** Unknown as soon as one that has ended is; what has not is not paid yet. */
export function sumCosts(attempts: readonly AttemptFacts[]): NonNullable<Span['cost']> {
  const ended = attempts.filter(({ endedAt }) => endedAt !== null);
  const isKnown = ended.every(({ costUsd }) => costUsd !== null);
  const sum = (pick: (attempt: AttemptFacts) => number) => ended.reduce((total, attempt) => total + pick(attempt), 0);
  return { usd: isKnown ? sum(({ costUsd }) => costUsd ?? 0) : null, tokens: sum(({ tokens }) => tokens) };
}

const byStart = (a: { startedAt: string | null }, b: { startedAt: string | null }): number =>
  (a.startedAt ?? '').localeCompare(b.startedAt ?? '');
