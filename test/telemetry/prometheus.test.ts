import { expect, test } from 'vitest';
import { toPrometheus } from '#src/telemetry/prometheus.ts';

test('labels are escaped as the format says', () => {
  const labels = { title: 'a "quoted" \\ name\nof two lines' };
  const text = toPrometheus([{ name: 'tasks', type: 'gauge', help: 'Tasks.', samples: [{ labels, value: 2 }] }]);
  expect(text).toBe(
    '# HELP sentra_tasks Tasks.\n# TYPE sentra_tasks gauge\nsentra_tasks{title="a \\"quoted\\" \\\\ name\\nof two lines"} 2\n',
  );
});
