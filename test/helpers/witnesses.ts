/** Who can say what was going on when a test failed: open pages, servers. Each is asked only then. */

type Witness = () => Promise<string> | string;

const witnesses = new Set<Witness>();

/** Answers how to let it go. */
export function addWitness(witness: Witness): () => void {
  witnesses.add(witness);
  return () => witnesses.delete(witness);
}

export const askWitnesses = (): Promise<string[]> => Promise.all([...witnesses].map((witness) => witness()));
