import { expect, test } from 'vitest';
import { newSpan, type Span, type Timeline } from '#src/domain/span.ts';
import { type OtlpSpan, toOtlp } from '#src/telemetry/otlp.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString();
const root: Span = {
  ...newSpan('run', 'run', 'full_sdlc', { startedAt: at(0), endedAt: null }),
  parentId: null,
  status: 'running',
  attributes: { adwId: 'adw-000000000001', workflowType: 'full_sdlc', executions: 2 },
  cost: { usd: 0.25, tokens: 1200 },
};
const session: Span = {
  ...newSpan('session', 'session:a', 'claude', { startedAt: at(1), endedAt: at(4), parentId: 'run' }),
  status: 'error',
  attributes: {
    agent: 'claude',
    agentSessionId: 'conversation-1',
    model: 'claude-sonnet-4-5',
    outcome: 'overloaded',
    message: 'The model is overloaded.',
    inputTokens: 10,
    outputTokens: 20,
    cacheReadTokens: 300,
    cacheWriteTokens: 40,
  },
};
const tool: Span = {
  ...newSpan('tool', 'tool:7', 'Edit src/a.ts', { startedAt: at(2), endedAt: at(3), parentId: session.id }),
  attributes: { tool: 'Edit', callId: 'toolu_1' },
  line: 7,
};
const wait: Span = {
  ...newSpan('wait', 'wait:dependency', 'Waits', { startedAt: at(0), endedAt: at(1) }),
  attributes: { cause: 'dependency', dependencies: ['task-a', 'task-b'] },
};
const timeline: Timeline = {
  taskId: 'task-000000000001',
  run: null,
  runs: [],
  spans: [root, wait, session, tool],
  cut: false,
  now: at(9),
};
const run = { ...timeline, run: { adwId: 'adw-000000000001' } as Timeline['run'] };
const resource = { serviceName: 'sentra', version: '1.2.3', projectId: 'proj-1', title: 'Sort' };

const spansOf = (of: Timeline): OtlpSpan[] => toOtlp(of, resource).resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
const attributesOf = (span: OtlpSpan | undefined) =>
  Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

test('a run is one trace with ids of the right length that follow from the run alone', () => {
  const spans = spansOf(run);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  for (const { traceId, spanId } of spans) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  }
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  expect(spansOf({ ...run, now: at(59) }).map(({ spanId }) => spanId)).toEqual(spans.map(({ spanId }) => spanId));
  const other = { ...timeline, run: { adwId: 'adw-000000000002' } as Timeline['run'] };
  expect(spansOf(other)[0]?.traceId).not.toBe(spans[0]?.traceId);
});

test('every span but the root names a parent that is there', () => {
  const spans = spansOf(run);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const [first, ...others] = spans;
  expect(first).not.toHaveProperty('parentSpanId');
  expect(others.every(({ parentSpanId }) => ids.has(parentSpanId ?? ''))).toBe(true);
});

test('times are nanoseconds as text; what goes on ends now and says so', () => {
  const [first, , third] = spansOf(run);
  expect(third).toMatchObject({ startTimeUnixNano: '1795262401000000000', endTimeUnixNano: '1795262404000000000' });
  expect(first?.endTimeUnixNano).toBe('1795262409000000000');
  expect(attributesOf(first)).toMatchObject({
    'sentra.running': true,
    'sentra.executions': '2',
    'sentra.cost.usd': 0.25,
  });
});

test('sessions and tool calls carry the names of the semantic conventions', () => {
  const [, , agent, call] = spansOf(run);
  expect(agent).toMatchObject({
    name: 'invoke_agent claude',
    kind: 3,
    status: { code: 2, message: 'The model is overloaded.' },
  });
  expect(attributesOf(agent)).toMatchObject({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.agent.name': 'claude',
    'gen_ai.conversation.id': 'conversation-1',
    'gen_ai.response.model': 'claude-sonnet-4-5',
    'gen_ai.usage.input_tokens': '350',
    'gen_ai.usage.output_tokens': '20',
    'gen_ai.usage.cache_read.input_tokens': '300',
    'error.type': 'overloaded',
  });
  expect(call).toMatchObject({ name: 'execute_tool Edit', kind: 1, status: { code: 1 } });
  expect(attributesOf(call)).toMatchObject({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'Edit',
    'gen_ai.tool.call.id': 'toolu_1',
    'sentra.log.line': '7',
  });
});

test('lists stay lists, and the resource says what it is', () => {
  const traces = toOtlp(run, resource);
  const waiting = spansOf(run)[1]?.attributes.find(({ key }) => key === 'sentra.wait.dependencies');
  expect(waiting?.value).toEqual({ arrayValue: { values: [{ stringValue: 'task-a' }, { stringValue: 'task-b' }] } });
  expect(traces.resourceSpans[0]?.resource.attributes).toContainEqual({
    key: 'service.name',
    value: { stringValue: 'sentra' },
  });
});
