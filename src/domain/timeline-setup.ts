/** What makes a worktree fit to work in, as spans: one around all of it, and the parts that are told of by name. Pure. */
import { known, newSpan, type Span, type SpanStatus } from '#src/domain/span.ts';
import type { SetupStep } from '#src/domain/task-environment.ts';
import type { TimelineFacts } from '#src/domain/timeline-facts.ts';

export const setupId = 'setup';

const stepNames = new Set(['worktree', 'ports and env files', 'put back', 'install', 'dev servers']);
export const isSetupStep = (name: string): boolean => stepNames.has(name);

export function setupSpans({ steps, setup, run, now }: TimelineFacts): Span[] {
  const own = setup.filter(({ adwId }) => adwId === run?.adwId);
  const around = steps.filter(({ name }) => isSetupStep(name));
  const all = [...around, ...own];
  const startedAt = all.map((part) => part.startedAt).sort()[0];
  if (!startedAt) return [];
  const runEndedAt = run?.endedAt ?? null;
  const isOpen = own.some(({ endedAt }) => endedAt === null) && !runEndedAt;
  const endedAt = isOpen
    ? null
    : (all
        .map((part) => part.endedAt ?? runEndedAt ?? now)
        .sort()
        .at(-1) ?? null);
  const failed = own.some(({ state }) => state === 'failed') || around.some((step) => step.failed);
  const status = failed ? 'error' : isOpen ? 'running' : 'ok';
  const group: Span = { ...newSpan('setup', setupId, 'Set-up', { startedAt, endedAt }), status };
  return [group, ...own.map((step) => partSpan(step, runEndedAt))];
}

function partSpan(step: SetupStep, runEndedAt: string | null): Span {
  const { name, state, command, exitCode, summary, startedAt } = step;
  const ended: Record<SetupStep['state'], SpanStatus> = {
    passed: 'ok',
    failed: 'error',
    running: runEndedAt ? 'error' : 'running', // cut off by the end of the run
  };
  return {
    ...newSpan('setup', `setup:${name}`, name, { startedAt, endedAt: step.endedAt ?? runEndedAt, parentId: setupId }),
    status: ended[state],
    attributes: known({ summary: summary.slice(0, 500), command, exitCode }),
  };
}
