/** The model and the effort of an ACP session, chosen among what the agent offers for it (`session/set_config_option`). */
import type { SessionConfigOption } from '@agentclientprotocol/sdk';
import { SentraError } from '#src/errors.ts';

export type Choice = { configId: string; value: string };

const categories = { model: 'model', effort: 'thought_level' } as const;

/** Throws `invalid_config` when the agent does not offer it: with what it offers. */
export function findChoice(
  what: keyof typeof categories,
  wanted: string,
  options: readonly SessionConfigOption[] | null | undefined,
): Choice {
  const option = find(what, options);
  const offered = valuesOf(option);
  const value = offered.find(({ value, name }) => value === wanted || name === wanted)?.value;
  if (option && value !== undefined) return { configId: option.id, value };
  const hint = offered.length
    ? `it offers ${offered.map((o) => o.value).join(', ')}`
    : `it offers no choice of one by its protocol; take agents.<name>.${what} out of sentra.json, or ${what} out of the task, and see whether its command has an option for it`;
  throw new SentraError('invalid_config', `The agent has no ${what} "${wanted}": ${hint}.`);
}

export function currentModel(options: readonly SessionConfigOption[] | null | undefined): string | null {
  const option = find('model', options);
  return option?.type === 'select' ? option.currentValue : null;
}

const find = (what: keyof typeof categories, options: readonly SessionConfigOption[] | null | undefined) =>
  options?.find(({ category, type }) => category === categories[what] && type === 'select');

function valuesOf(option: SessionConfigOption | undefined): { value: string; name: string }[] {
  if (option?.type !== 'select') return [];
  return option.options.flatMap((entry) => ('options' in entry ? entry.options : [entry]));
}
