/** Reads what an agent answered, leniently in form (fences, nulls, near words) and strictly in meaning. */

import type { SessionEnd } from '#src/agents/agent.ts';
import { AgentAnswer } from '#src/domain/answer.ts';
import { wording } from '#src/domain/wording.ts';

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
  const parsed = AgentAnswer.safeParse(normalise(given), { error: wording });
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

const severities: Record<string, string> = {
  critical: 'blocking',
  blocker: 'blocking',
  error: 'blocking',
  high: 'major',
  medium: 'major',
  warning: 'major',
  low: 'minor',
  nit: 'note',
  info: 'note',
};

const known: ReadonlySet<string> = new Set(['blocking', 'major', 'minor', 'note']);

/** Null stands for absent, and a verdict or a severity in other words for ours. */
function normalise(value: object): Record<string, unknown> {
  const plain = withoutNulls(value) as Record<string, unknown>;
  if (typeof plain.verdict !== 'string') return plain;
  const comments = Array.isArray(plain.comments) ? plain.comments.map(withSeverity) : plain.comments;
  return { ...plain, verdict: inOurWords(plain.verdict, verdicts), ...(comments === undefined ? {} : { comments }) };
}

function withSeverity(comment: unknown): unknown {
  if (typeof comment !== 'object' || comment === null) return comment;
  const { severity, ...rest } = comment as { severity?: unknown };
  const word = typeof severity === 'string' ? inOurWords(severity, severities) : '';
  return known.has(word) ? { ...rest, severity: word } : rest;
}

function inOurWords(text: string, words: Readonly<Record<string, string>>): string {
  const word = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
  return words[word] ?? word;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}
