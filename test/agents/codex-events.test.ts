import { expect, test } from 'vitest';
import { CodexLine, createCodexTranslator, tokensOf } from '#src/agents/codex-events.ts';
import { strictSchema } from '#src/agents/strict-schema.ts';
import { answerSchemaOf } from '#src/domain/answer.ts';

/** As Codex 0.169.0 printed them. */
const lines = [
  '{"type":"thread.started","thread_id":"t-1"}',
  '{"type":"error","message":"Reconnecting... 1/5"}',
  '{"type":"item.started","item":{"id":"1","type":"command_execution","command":"npm test","aggregated_output":"","exit_code":null,"status":"in_progress"}}',
  '{"type":"item.completed","item":{"id":"1","type":"command_execution","command":"npm test","aggregated_output":"1 failed","exit_code":1,"status":"failed"}}',
  '{"type":"item.completed","item":{"id":"2","type":"file_change","changes":[{"path":"/w/a.ts","kind":"update"},{"path":"/w/b.ts","kind":"delete"}],"status":"completed"}}',
  '{"type":"item.completed","item":{"id":"3","type":"reasoning","text":"Hm."}}',
  '{"type":"item.completed","item":{"id":"4","type":"agent_message","text":"Done."}}',
];

test("Codex' lines are told as what happened, with tools, their results and the files they changed", () => {
  const translate = createCodexTranslator('/w');
  const events = lines.flatMap((line) => translate(CodexLine.parse(JSON.parse(line))));
  expect(events.filter(({ kind }) => kind !== 'record')).toEqual([
    { kind: 'retry', message: 'Reconnecting... 1/5' },
    { kind: 'tool_call', id: '1', tool: 'shell', summary: 'shell: npm test', input: { command: 'npm test' } },
    expect.objectContaining({ kind: 'tool_result', id: '1', output: '1 failed', isError: true }),
    expect.objectContaining({ kind: 'tool_call', id: '2', summary: 'edit /w/a.ts, /w/b.ts' }),
    expect.objectContaining({ kind: 'tool_result', id: '2', isError: false }),
    { kind: 'file_change', path: 'a.ts', change: 'written' },
    { kind: 'file_change', path: 'b.ts', change: 'deleted' },
    { kind: 'thinking', text: 'Hm.' },
    { kind: 'message', text: 'Done.' },
  ]);
});

test('what Codex read from the cache is not counted twice', () => {
  const usage = { input_tokens: 100, cached_input_tokens: 30, output_tokens: 5 };
  expect(tokensOf(usage)).toEqual({ inputTokens: 70, cacheReadTokens: 30, outputTokens: 5, cacheWriteTokens: 0 });
});

test('in the schema of an answer every property is required, what was optional may be null, and nothing more is allowed', () => {
  const given = {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'array', items: { type: 'object', properties: {} } } },
    required: ['a'],
  };
  expect(strictSchema({ $schema: 'x', ...given })).toEqual({
    type: 'object',
    properties: {
      a: { type: 'string' },
      b: {
        anyOf: [
          { type: 'array', items: { type: 'object', properties: {}, required: [], additionalProperties: false } },
          { type: 'null' },
        ],
      },
    },
    required: ['a', 'b'],
    additionalProperties: false,
  });
  for (const phase of ['PLAN', 'REVIEW'])
    expect(JSON.stringify(strictSchema(answerSchemaOf(phase) ?? {}))).not.toContain('"default"');
});
