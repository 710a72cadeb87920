/** What programs say in words when their model let them down, as outcomes. A status counts only where it stands as one: `API Error: 529`. */
import type { SessionEnd } from '#src/agents/agent.ts';
import { endOf, rateLimited } from '#src/agents/session.ts';

const status = (digits: string) => `\\b(error|status|code|http)\\W{0,3}((code|status)\\W{0,3})?${digits}\\b`;

type Meaning = { pattern: RegExp; end: (said: string) => SessionEnd };

/** The first that fits. */
const meanings: readonly Meaning[] = [
  {
    pattern: new RegExp(
      `${status('40[13]')}|invalid (x-)?api.?key|authentication_error|unauthori[sz]ed|not logged in`,
      'i',
    ),
    end: (said) => endOf('auth', `The model refused the agent's login: ${said}`),
  },
  {
    pattern: new RegExp(`${status('429')}|rate.?limit|too many requests|quota exceeded|usage limit`, 'i'),
    end: (said) => rateLimited(new Date(Date.now() + 60_000).toISOString(), said),
  },
  {
    pattern: new RegExp(`${status('5\\d\\d')}|overloaded|service unavailable|internal server error`, 'i'),
    end: (said) => endOf('overloaded', `The model is overloaded or out of order: ${said}`),
  },
];

export function endOfWords(said: string): SessionEnd {
  const meaning = meanings.find(({ pattern }) => pattern.test(said));
  return meaning ? meaning.end(said) : endOf('failed', `The agent failed: ${said}`);
}
