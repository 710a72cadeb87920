/** Reads what an agent answered, leniently in form (fences, nulls, near words) and strictly in meaning. */
import type { SessionEnd } from '#src/agents/agent.ts';
import { AgentAnswer } from '#src/domain/answer.ts';

export type ReadAnswer = { answer: AgentAnswer; problem?: undefined } | { answer?: undefined; problem: string };

/**
 * The answer of a session, or what is wrong with it, for people and for the agent's next attempt. A session that
 * answered nothing at all has the empty answer; its words are looked through for JSON first.
 */
export function readAnswer(end: Pick<SessionEnd, 'answer' | 'text'>): ReadAnswer {
  const given = typeof end.answer === 'string' ? jsonIn(end.answer) : (end.answer ?? jsonIn(end.text) ?? {});
  if (given === undefined) return { problem: `The answer is not JSON: ${String(end.answer).slice(0, 200)}` };
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { problem: 'The answer is not a JSON object.' };
  const parsed = AgentAnswer.safeParse(normalise(given));
  if (parsed.success) return { answer: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'answer'}: ${issue.message}`);
  return { problem: `The answer does not have the form asked for: ${issues.join('; ')}` };
}

/** The JSON object that a text is, or holds between fences; undefined when there is none. */
function jsonIn(text: string): unknown {
  const fenced = [...text.matchAll(/```(?:json)?\s*\n([\s\S]*?)\n\s*```/g)].map((match) => match[1] ?? '');
  for (const candidate of [text, ...fenced.reverse()]) {
    if (!candidate.trim().startsWith('{')) continue;
    try {
      return JSON.parse(candidate);
    } catch {
      // Words that begin with a brace; the next candidate may be the answer.
    }
  }
  return undefined;
}

const verdicts: Record<string, string> = {
  approved: 'approve',
  lgtm: 'approve',
  request_changes: 'changes_requested',
  changes_needed: 'changes_requested',
  reject: 'changes_requested',
};

/** Null stands for absent, and a verdict in other words for ours. */
function normalise(value: object): Record<string, unknown> {
  const plain = withoutNulls(value) as Record<string, unknown>;
  if (typeof plain.verdict !== 'string') return plain;
  const word = plain.verdict
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
  return { ...plain, verdict: verdicts[word] ?? word };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}
