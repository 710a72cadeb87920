/**
 * Statements that a process sends again and again, prepared once by each connection: of a short one, planning is more than half of what
 * it costs the server.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';

/** Longer ones are inserts of many rows, whose text is seldom the same twice. */
const longestText = 4_000;
const mostNames = 500;
const mostSeen = 5_000;

/** The arguments of `pg.Client.query`. */
export type Call = readonly unknown[];

export type Naming = {
  /** With a name for its statement where that comes again, else as it is. */
  toNamed(call: Call): Call;
  /** New names from now on: what was prepared no longer fits the tables, which another process changed. */
  renew(): void;
};

export function createNaming(): Naming {
  const seen = new Set<string>();
  const names = new Map<string, string>();
  let generation = 0;
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text);
    if (known || text.length > longestText || names.size >= mostNames) return known;
    if (!seen.has(text)) {
      if (seen.size < mostSeen) seen.add(text);
      return undefined;
    }
    const name = `sentra_${generation}_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    names.set(text, name);
    return name;
  };
  return {
    toNamed(call) {
      const [first, second, ...rest] = call;
      const config = typeof first === 'string' ? { text: first } : (first as pg.QueryConfig);
      const isSecondValues = Array.isArray(second);
      const values = isSecondValues ? second : config.values;
      // Without values it may be several statements, or one such as `commit` that is not planned.
      if (!values?.length || config.name || 'submit' in config) return call;
      const name = nameOf(config.text);
      return name ? [{ ...config, name }, values, ...(isSecondValues ? rest : [second, ...rest])] : call;
    },
    renew() {
      generation += 1;
      names.clear();
    },
  };
}
