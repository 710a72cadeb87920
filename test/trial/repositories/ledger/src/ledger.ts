export type Entry = { account: string; amount: number };

export const entriesOf = (entries: readonly Entry[], account: string): Entry[] =>
  entries.filter((entry) => entry.account === account);

export function balance(entries: readonly Entry[], account: string): number {
  return entriesOf(entries, account).reduce((sum, { amount }) => sum + amount, 0);
}
