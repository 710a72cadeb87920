/**
 * A timeline as OpenTelemetry traces, in the JSON encoding of OTLP 1.x (opentelemetry-proto, trace/v1): one trace for a run, whose ids
 * follow from the run's alone, so that sending twice is sending the same. Names of attributes are the semantic conventions' where they
 * have one (gen_ai, error), else `sentra.`.
 */
import { createHash } from 'node:crypto';
import type { Span, Timeline } from '#src/domain/span.ts';

type Value = { stringValue: string } | { intValue: string } | { doubleValue: number } | { boolValue: boolean };
type AnyValue = Value | { arrayValue: { values: Value[] } };
type Attribute = { key: string; value: AnyValue };

export type OtlpSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status: { code: number; message?: string };
};

export type OtlpTraces = {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { scope: { name: string; version: string }; spans: OtlpSpan[] }[];
  }[];
};

export type Resource = { serviceName: string; version: string; projectId: string; title: string };

/** A span that goes on ends at the timeline's own `now`, and says so (`sentra.running`). */
export function toOtlp(timeline: Timeline, { serviceName, version, projectId, title }: Resource): OtlpTraces {
  const resource = attributesOf({
    'service.name': serviceName,
    'service.version': version,
    'sentra.project.id': projectId,
    'sentra.task.id': timeline.taskId,
    'sentra.task.title': title,
    ...(timeline.run ? { 'sentra.run.id': timeline.run.adwId } : {}),
  });
  const traceKey = timeline.run?.adwId ?? timeline.taskId;
  const spans = timeline.spans.map((span) => toSpan(span, traceKey, timeline.now));
  return {
    resourceSpans: [
      { resource: { attributes: resource }, scopeSpans: [{ scope: { name: 'sentra', version }, spans }] },
    ],
  };
}

const internal = 1;
const client = 3;
const codes = { ok: 1, error: 2, running: 0, cancelled: 0 } as const;

function toSpan(span: Span, traceKey: string, now: string): OtlpSpan {
  const { id, parentId, kind, startedAt, status, attributes } = span;
  const message = attributes.message ?? attributes.error;
  const ended = span.endedAt ?? now;
  return {
    traceId: hexOf(`trace ${traceKey}`, 16),
    spanId: hexOf(`span ${traceKey} ${id}`, 8),
    ...(parentId === null ? {} : { parentSpanId: hexOf(`span ${traceKey} ${parentId}`, 8) }),
    name: nameOf(span),
    kind: kind === 'session' ? client : internal,
    startTimeUnixNano: nanosOf(startedAt),
    endTimeUnixNano: nanosOf([ended, startedAt].sort().at(-1) ?? ended),
    attributes: attributesOf(conventional(span)),
    status: { code: codes[status], ...(status === 'error' && message ? { message: String(message) } : {}) },
  };
}

/** As the conventions name them: an operation, and what it is done with. */
function nameOf({ kind, name, attributes }: Span): string {
  if (kind === 'session') return `invoke_agent ${name}`;
  if (kind === 'tool') return `execute_tool ${attributes.tool}`;
  return kind === 'run' ? `run ${name}` : name;
}

type Plain = Record<string, Span['attributes'][string] | undefined>;

function conventional({ kind, name, status, attributes, cost, line }: Span): Plain {
  const { phase, attempt, error, interrupted, command, exitCode } = attributes;
  const failed = error ?? attributes.outcome ?? (interrupted ? 'interrupted' : kind);
  return {
    'sentra.kind': kind,
    'sentra.name': name,
    'sentra.phase': phase,
    'sentra.attempt': attempt,
    'sentra.state': attributes.state,
    'sentra.cost.usd': cost?.usd ?? undefined,
    'sentra.tokens': cost?.tokens || undefined,
    'sentra.log.line': line ?? undefined,
    'sentra.commit': attributes.commit,
    'sentra.interrupted': interrupted,
    'sentra.running': status === 'running' ? true : undefined,
    'sentra.cancelled': status === 'cancelled' ? true : undefined,
    'sentra.executions': attributes.executions,
    'sentra.workflow': attributes.workflowType,
    'sentra.wait.cause': attributes.cause,
    'sentra.wait.until': attributes.until,
    'sentra.wait.dependencies': attributes.dependencies,
    'sentra.pull_request': attributes.pullRequest,
    'process.command_line': command,
    'process.exit.code': exitCode,
    'error.type': status === 'error' ? String(failed) : undefined,
    ...(kind === 'session' ? ofSession(attributes) : {}),
    ...(kind === 'tool' ? ofTool(attributes) : {}),
  };
}

function ofSession(attributes: Span['attributes']): Plain {
  const { agent, model, agentSessionId, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = attributes;
  const input = [inputTokens, cacheReadTokens, cacheWriteTokens].filter((n) => typeof n === 'number');
  return {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': typeof model === 'string' && /claude/i.test(model) ? 'anthropic' : undefined,
    'gen_ai.agent.name': agent,
    'gen_ai.conversation.id': agentSessionId,
    'gen_ai.response.model': model,
    // All input, also that of the cache: so the conventions say.
    'gen_ai.usage.input_tokens': input.length ? input.reduce((sum, n) => sum + n, 0) : undefined,
    'gen_ai.usage.output_tokens': outputTokens,
    'gen_ai.usage.cache_read.input_tokens': cacheReadTokens,
    'gen_ai.usage.cache_creation.input_tokens': cacheWriteTokens,
  };
}

const ofTool = ({ tool, callId }: Span['attributes']): Plain => ({
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.tool.name': tool,
  'gen_ai.tool.call.id': callId,
});

const attributesOf = (values: Plain): Attribute[] =>
  Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: typed(value) }]));

function typed(value: Span['attributes'][string]): AnyValue {
  if (Array.isArray(value)) return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Never only zeroes, which OTLP takes for no id. */
function hexOf(text: string, bytes: number): string {
  const hex = createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, bytes * 2);
  return /^0+$/.test(hex) ? `${hex.slice(1)}1` : hex;
}

const nanosOf = (iso: string): string => `${BigInt(Date.parse(iso)) * 1_000_000n}`;
