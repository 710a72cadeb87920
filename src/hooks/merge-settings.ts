/** Adds the hooks of the starting set to a person's settings of Claude Code. Nothing of theirs is changed or removed. */
import { z } from 'zod';
import { messageOf } from '#src/errors.ts';

const Group = z.looseObject({ hooks: z.array(z.looseObject({ command: z.string().optional() })) });
const Settings = z.looseObject({ hooks: z.record(z.string(), z.array(Group)).optional() });

export type Merged =
  | { text: string; added: string[]; problem?: never }
  | { problem: string; text?: never; added?: never };

export function mergeSettings(present: string, ours: string): Merged {
  const parsed = read(present);
  if (typeof parsed === 'string') return { problem: parsed };
  const hooks = { ...parsed.hooks };
  const added: string[] = [];
  for (const [point, groups] of Object.entries(Settings.parse(JSON.parse(ours)).hooks ?? {})) {
    const known = new Set((hooks[point] ?? []).flatMap((group) => group.hooks.map(({ command }) => command)));
    const missing = groups
      .map((group) => ({ ...group, hooks: group.hooks.filter(({ command }) => !known.has(command)) }))
      .filter((group) => group.hooks.length > 0);
    if (missing.length === 0) continue;
    hooks[point] = [...(hooks[point] ?? []), ...missing];
    added.push(point);
  }
  return { text: `${JSON.stringify({ ...parsed, hooks }, null, 2)}\n`, added };
}

/** The settings, or why they cannot be merged. */
function read(text: string): z.infer<typeof Settings> | string {
  try {
    const parsed = Settings.safeParse(JSON.parse(text));
    return parsed.success
      ? parsed.data
      : `its hooks are not of the form that Claude Code reads: ${z.prettifyError(parsed.error)}`;
  } catch (e) {
    return `it is no valid JSON (${messageOf(e)}): mend it, then run init again`;
  }
}
