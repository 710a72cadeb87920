import { describe, expect, test } from 'vitest';
import { readAnswer } from '#src/agents/answer.ts';

const read = (answer: unknown, text = '') => readAnswer({ answer, text });

describe('an answer', () => {
  test('is taken from structured output, from JSON text, or from a fence in the last words', () => {
    const expected = { answer: { summary: 'x', comments: [] } };
    expect(read({ summary: 'x' })).toEqual(expected);
    expect(read('{"summary":"x"}')).toEqual(expected);
    expect(read(undefined, 'Well.\n```json\n{"summary":"x"}\n```\nThat is all.')).toEqual(expected);
  });

  test('is empty when nothing was answered', () => {
    expect(read(undefined, 'I am done.').answer).toEqual({ comments: [] });
    expect(read(null, '{ not json }').answer).toEqual({ comments: [] });
  });

  test.each([
    ['Approved', 'approve'],
    ['request changes', 'changes_requested'],
    ['changes_requested', 'changes_requested'],
  ])('understands the verdict %s', (word, verdict) => {
    expect(read({ verdict: word, comments: [{ path: null, line: null, body: 'b' }] }).answer).toMatchObject({
      verdict,
      comments: [{ body: 'b' }],
    });
  });

  test.each([
    ['Critical', 'blocking'],
    ['blocking', 'blocking'],
    ['nit', 'note'],
    ['purple', undefined],
  ])('understands the severity %s', (word, severity) => {
    const { answer } = read({ verdict: 'approve', comments: [{ body: 'b', severity: word }] });
    expect(answer?.comments).toEqual([{ body: 'b', ...(severity ? { severity } : {}) }]);
  });

  test('of the wrong form is a problem that names the field', () => {
    expect(read({ verdict: 'maybe' }).problem).toMatch(/verdict: /);
    expect(read({ comments: [{ path: 'a' }] }).problem).toMatch(/comments\.0\.body: /);
    expect(read(['x']).problem).toBe('The answer is not a JSON object.');
  });
});
