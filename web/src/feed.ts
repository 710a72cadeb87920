/** The story of a task for people: log lines and evidence in one order, tool calls and command output folded. Pure. */
import type { Evidence } from '#src/domain/evidence.ts';
import type { LogLine } from '#src/domain/log.ts';
import { plainText } from './ansi.ts';

export type FeedItem =
  | { kind: 'message'; key: string; at: string; text: string }
  | { kind: 'step'; key: string; at: string; line: LogLine }
  | { kind: 'fold'; key: string; at: string; until: string; of: 'tools' | 'output'; lines: LogLine[] }
  | { kind: 'evidence'; key: string; at: string; evidence: Evidence };

export function feedOf(lines: readonly LogLine[], evidence: readonly Evidence[]): FeedItem[] {
  const proofs = evidence
    .filter((item) => item.kind !== 'diff' || !item.passed)
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  const items: FeedItem[] = [];
  let next = 0;
  for (const line of lines) {
    while (next < proofs.length && (proofs[next] as Evidence).createdAt < line.timestamp)
      items.push(proofItem(proofs[next++] as Evidence));
    addLine(items, line);
  }
  return [...items, ...proofs.slice(next).map(proofItem)];
}

const proofItem = (evidence: Evidence): FeedItem => ({
  kind: 'evidence',
  key: `e${evidence.id}`,
  at: evidence.createdAt,
  evidence,
});

function addLine(items: FeedItem[], line: LogLine): void {
  const { kind } = line.metadata;
  const base = { key: `l${line.seq}`, at: line.timestamp };
  if (kind === 'message') {
    items.push({ ...base, kind: 'message', text: line.message });
  } else if (kind === 'tool_call' || kind === 'tool_result' || kind === 'thinking' || kind === 'output') {
    const of = kind === 'output' ? 'output' : 'tools';
    const last = items.at(-1);
    if (last?.kind === 'fold' && last.of === of) {
      last.lines.push(line);
      last.until = line.timestamp;
    } else items.push({ ...base, kind: 'fold', of, until: line.timestamp, lines: [line] });
  } else if (line.level !== 'debug') {
    items.push({ ...base, kind: 'step', line });
  }
}

/** `14 tool calls` and what they were: `read 6, edit 5`. Output shows its newest line. */
export function foldSummary(item: Extract<FeedItem, { kind: 'fold' }>): { title: string; detail: string } {
  if (item.of === 'output') {
    const title = item.lines.length === 1 ? '1 line of output' : `${item.lines.length} lines of output`;
    return { title, detail: plainText(item.lines.findLast((line) => line.message.trim())?.message ?? '') };
  }
  const calls = item.lines.filter((line) => line.metadata.kind === 'tool_call');
  const tools = new Map<string, number>();
  for (const call of calls) {
    const tool = call.metadata.toolUsed ?? 'tool';
    tools.set(tool, (tools.get(tool) ?? 0) + 1);
  }
  if (calls.length === 0) {
    const thinks = item.lines.some((line) => line.metadata.kind === 'thinking');
    return { title: thinks ? 'Thinking' : 'Tool result', detail: '' };
  }
  return {
    title: calls.length === 1 ? '1 tool call' : `${calls.length} tool calls`,
    detail: [...tools].map(([tool, count]) => `${tool} ${count}`).join(', '),
  };
}
