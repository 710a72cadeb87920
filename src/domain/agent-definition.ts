/** What a project's `sentra.json` says of an agent, and what each kind of agent can do. Pure. */
import { z } from 'zod';

const words = z.array(z.string()).min(1);
const name = z.string().min(1);

/** How hard a model thinks, in Claude Code's words. */
export const Effort = z.enum(['low', 'medium', 'high', 'xhigh', 'max']);

const VariableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable is named like OPENAI_API_KEY');
const HomePath = z
  .string()
  .regex(/^~(\/(?!\.{1,2}(\/|$))[^/]+)+$/, 'name a file of the home folder, as in ~/.codex/auth.json');

/** What of the host's logins an agent is given, because it has no other way to its model. */
const Login = z
  .strictObject({
    /** Variables of the server's own environment. */
    variables: z.array(VariableName).max(50).default([]),
    /** Files that are copied into the room's home for the time of a session. */
    files: z.array(HomePath).max(50).default([]),
    /** The way to log in that the agent is told to take, by its id in the protocol. */
    method: name.optional(),
  })
  .prefault({});

const kinds = {
  claude: z.strictObject({
    kind: z.literal('claude'),
    model: name.optional(),
    effort: Effort.optional(),
    maxTurns: z.number().int().positive().optional(),
  }),
  acp: z.strictObject({
    kind: z.literal('acp'),
    command: words,
    model: name.optional(),
    /** In the agent's own words. */
    effort: name.optional(),
    /**
     * It finds Sentra's model gateway in ANTHROPIC_BASE_URL, OPENAI_BASE_URL or GOOGLE_GEMINI_BASE_URL, and the key, which is the
     * server's, stays with Sentra.
     */
    gateway: z.enum(['anthropic', 'openai', 'google', 'none']).default('none'),
    /** Variables with these values, as they are. No secrets: sentra.json is in the repository. */
    env: z.record(VariableName, z.string()).default({}),
    login: Login,
  }),
  codex: z.strictObject({
    kind: z.literal('codex'),
    model: name.optional(),
    /** In Codex's own words. */
    effort: name.optional(),
  }),
  command: z.strictObject({ kind: z.literal('command'), command: words }),
};

export const AgentDefinition = z.discriminatedUnion('kind', [kinds.claude, kinds.acp, kinds.codex, kinds.command]);
export type AgentDefinition = z.infer<typeof AgentDefinition>;
export type AgentKind = AgentDefinition['kind'];

export const AgentCapabilities = z
  .object({
    /** `schema`: the agent is held to the form of its answer. `told`: it is asked for it, and its words are read leniently. */
    answer: z.enum(['schema', 'told']),
    /** `next_turn`: hears what people write while it works. `none`: that waits for the next session. */
    messages: z.enum(['next_turn', 'none']),
    /** A turn can be ended without ending the session. */
    interrupt: z.boolean(),
    /** A conversation that a limit of the model ended goes on in the next session, with the work that was done. */
    resume: z.boolean(),
    /** Calls back at the points of its life, before a tool runs for one. */
    hooks: z.boolean(),
    /** Programs that run in its session find the socket by which hooks tell and ask. */
    hookSocket: z.boolean(),
    /** Keeps to a budget by itself. Sentra ends the others, as soon as they have told what they spent. */
    budget: z.boolean(),
    /** `counted`: each answer of its model passes Sentra. `told`: known only if it says so. */
    cost: z.enum(['counted', 'told']),
    /** What its definition may choose. */
    model: z.boolean(),
    effort: z.boolean(),
    /** The efforts that there are; absent where they are the agent's own words, which it says when its session begins. */
    efforts: z.array(z.string()).optional(),
    maxTurns: z.boolean(),
    /** The model's key stays with Sentra; else the agent brings its own login into the room. */
    gateway: z.boolean(),
  })
  .meta({ id: 'AgentCapabilities' });
export type AgentCapabilities = z.infer<typeof AgentCapabilities>;

/** What a task asks of its agents, over their definitions. */
export type AgentChoice = { model: string | null; effort: string | null };

/** Why an agent cannot be given what a task asks of it, with the way out; undefined when it can. */
export function explainChoice(
  agent: string,
  can: Pick<AgentCapabilities, 'model' | 'effort' | 'efforts'>,
  { model, effort }: AgentChoice,
): string | undefined {
  const refused = (what: string, wanted: string) =>
    `The agent "${agent}" cannot be given ${what}, and the task asks for "${wanted}": take it out of the task, or choose another agent.`;
  if (model !== null && !can.model) return refused('a model', model);
  if (effort === null) return undefined;
  if (!can.effort) return refused('an effort', effort);
  if (!can.efforts || can.efforts.includes(effort)) return undefined;
  return `The agent "${agent}" has no effort "${effort}": it takes ${can.efforts.join(', ')}.`;
}

/** Problems of keys that an agent of this kind does not take; undefined where the kind itself is wrong. */
export function explainKeys(kind: unknown, keys: readonly string[]): string[] | undefined {
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) return undefined;
  const valid = Object.keys(kinds[kind as AgentKind].shape);
  const takers = (key: string) =>
    Object.entries(kinds).flatMap(([other, { shape }]) => (Object.hasOwn(shape, key) ? [other] : []));
  return keys.map((key) => {
    const others = takers(key);
    if (!others.length) return `an agent of kind "${kind}" has no key "${key}"; valid are ${valid.join(', ')}`;
    return `an agent of kind "${kind}" cannot be given "${key}"; of the kinds ${others.join(', ')} it can`;
  });
}
