import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Timeline } from '#src/domain/span.ts';
import { buildTimeline } from '#src/domain/timeline.ts';
import type { TimelineFacts } from '#src/domain/timeline-facts.ts';
import { cli } from '../helpers/cli.ts';

const facts: TimelineFacts = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../fixtures/run-facts.json'), 'utf8'),
);
const timeline: Timeline = {
  taskId: facts.task.id,
  run: facts.run as Timeline['run'],
  runs: [],
  spans: buildTimeline(facts),
  cut: false,
  now: facts.now,
};

test('a timeline is a waterfall: what is late stands to the right, tool calls are counted, what failed says why', async () => {
  const { out, code } = await cli(['task', 'timeline', facts.task.id], { getTimeline: () => timeline });
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  const line = (text: string) => lines.find((one) => one.includes(text)) ?? '';
  expect(lines[0]).toContain('completed  full_sdlc');
  expect(line('PLAN, attempt')).toBe('');
  expect(line('demo')).toContain('2 tool calls');
  expect(line('TEST')).toContain('tests_failing');
  expect(line('Waits until fewer tests run')).toMatch(/·/);
  expect(line('Merge of').indexOf('█')).toBeGreaterThan(line('PLAN').indexOf('█'));
  expect(out).not.toContain('Edit src/waiting-list.mjs');
  const all = await cli(['task', 'timeline', facts.task.id, '--all'], { getTimeline: () => timeline });
  expect(all.out).toContain('Edit src/waiting-list.mjs');
});

test('a task without a run says how to begin', async () => {
  const nothing = { ...timeline, run: null, spans: [] };
  const { out } = await cli(['task', 'timeline', facts.task.id], { getTimeline: () => nothing });
  expect(out).toBe('Nothing has happened yet: start the task with `npx sentra task start`.\n');
});
