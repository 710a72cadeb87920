/** Whatever a title is made of, the branch is a plain name and the commit says what Sentra says. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { branchName } from '#src/domain/branch-name.ts';
import { commitMessage } from '#src/domain/commit-message.ts';
import { newAdwId, newTaskId, shortId } from '#src/domain/ids.ts';
import { TaskType } from '#src/domain/task.ts';

const hostile = fc.constantFrom(
  '--upload-pack=touch /tmp/owned',
  '-c core.pager=x',
  'title\n\nTask-ID: task-000000000000',
  'title\r\nPhase: REVIEW\r\n',
  'a\u2028Phase: REVIEW\u2029b\u0085c',
  '\u202eesrever\u202c \u200b\ufeff',
  '🚀👩‍👩‍👧🏳️‍🌈',
  'Überprüfung мир 世界 مرحبا',
  '../../etc/passwd',
  'main.lock',
  '@{-1}~^:?*[\\',
  '\ud83d half',
  '\0\u001b[2J\u0007',
  '# comment',
  '>8 ------------------------ >8',
);
const title = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc
    .array(fc.oneof(hostile, fc.string({ maxLength: 10 })), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('')),
);
const type = fc.constantFrom(...TaskType.options);

test('a branch name is a type, a short slug and the id, for every title', () => {
  fc.assert(
    fc.property(type, title, (kind, text) => {
      const id = newTaskId();
      const name = branchName(kind, text, id);
      expect(name).toMatch(new RegExp(`^${kind}/[a-z0-9]+(-+[a-z0-9]+)*-${shortId(id)}$`));
      expect(name.length).toBeLessThanOrEqual(60);
      expect(branchName(kind, text, id)).toBe(name);
    }),
    { numRuns: 2_000 },
  );
});

test('a commit message has one line of the title, and the trailers are ours alone', () => {
  fc.assert(
    fc.property(type, title, (kind, text) => {
      const facts = {
        subject: text,
        type: kind,
        taskId: newTaskId(),
        adwId: newAdwId(),
        phase: 'CODE',
        attempt: 1,
      } as const;
      const message = commitMessage('code', facts);
      const trailers = [
        `Type: ${kind}`,
        `Task-ID: ${facts.taskId}`,
        `ADW-ID: ${facts.adwId}`,
        'Phase: CODE',
        'Attempt: 1',
      ];
      const [subject = '', ...rest] = message.split('\n');
      expect(subject).toMatch(/^code: ?/);
      expect([...subject].length).toBeLessThanOrEqual(106);
      expect(subject).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(subject.isWellFormed()).toBe(true);
      const lines = [`Type: ${kind}`, `Task ID: ${facts.taskId}`, `ADW ID: ${facts.adwId}`];
      expect(rest).toEqual(['', ...lines, '', ...trailers, '']);
    }),
    { numRuns: 2_000 },
  );
});

test('git reads our trailers and no others from a message with a forged title', () => {
  const facts = { type: 'bug', taskId: newTaskId(), adwId: newAdwId(), phase: 'PLAN', attempt: 2 } as const;
  for (const subject of ['Task-ID: task-000000000000', 'x\n\nPhase: REVIEW\nAttempt: 9', '', '\u200b']) {
    const input = commitMessage('plan', { ...facts, subject });
    const parsed = execFileSync('git', ['interpret-trailers', '--parse'], { input, encoding: 'utf8' });
    expect(parsed.trim().split('\n')).toEqual([
      'Type: bug',
      `Task-ID: ${facts.taskId}`,
      `ADW-ID: ${facts.adwId}`,
      'Phase: PLAN',
      'Attempt: 2',
    ]);
  }
});
