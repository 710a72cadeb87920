import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { colour, dim, plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import { changeLines, nameOf, TestEvidence } from '#src/domain/test-evidence.ts';

export function addEvidence(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'evidence',
    description: 'show what proves the phases of a task: plan, diff, checks, tests with those that failed, verdict',
    examples: [
      'sentra task evidence 01234567',
      "sentra task evidence 01234567 --json | jq '.items[] | select(.passed | not) | .summary'",
    ],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => evidence(io, given, options));
}

async function evidence(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.listEvidence({ params: { id } }, { signal: io.signal }), ({ items }) =>
    items.length === 0
      ? 'Nothing is proved yet: evidence comes with the first phase that ends (`npx sentra task start`).'
      : items.map((item) => itemText(io, item)).join('\n'),
  );
}

function itemText(io: Io, item: Evidence): string {
  const { phase, attempt, kind, passed, summary } = item;
  const mark = passed ? colour(io, 'good', 'passed') : colour(io, 'bad', 'failed');
  const head = `${dim(io, `${phase} ${attempt}`)} ${kind} ${mark}  ${plain(summary)}`;
  return kind === 'tests' ? [head, ...testLines(item)].join('\n') : head;
}

function testLines({ data }: Evidence): string[] {
  const found = TestEvidence.parse(data);
  const { report, artifacts } = found;
  const change = changeLines(found).map((line) => `  ${plain(line)}`);
  const failed = (report?.cases ?? []).filter(({ status }) => status === 'failed' || status === 'flaky');
  const files = artifacts.map(({ path, name }) => `  kept ${plain(path)} as ${name}`);
  return [...failed.slice(0, 50).flatMap(caseLines), ...change, ...files];
}

const caseLines = (found: Parameters<typeof nameOf>[0] & { status: string; message: string | null }): string[] => [
  `  ${found.status} ${plain(nameOf(found))}`,
  ...plain(found.message ?? '')
    .split('\n')
    .slice(0, 8)
    .filter(Boolean)
    .map((line) => `    ${line}`),
];
