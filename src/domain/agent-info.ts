import { z } from 'zod';
import { AgentCapabilities } from '#src/domain/agent-definition.ts';

/** An agent that tasks may name, as it is on this host. */
export const AgentInfo = z
  .object({
    name: z.string(),
    kind: z.string(),
    /** In words; null for one that a project defines. */
    title: z.string().nullable(),
    /** `preset`: a well-known program, known by name. `project`: defined in a project's sentra.json. */
    source: z.enum(['builtin', 'preset', 'project']),
    available: z.boolean(),
    /** Why it cannot be started, and the way out; null when it can. */
    reason: z.string().nullable(),
    installed: z.boolean(),
    /** Null where it needs no login, or where that is seen only by starting it. */
    loggedIn: z.boolean().nullable(),
    version: z.string().nullable(),
    capabilities: AgentCapabilities,
  })
  .meta({ id: 'AgentInfo' });
export type AgentInfo = z.infer<typeof AgentInfo>;

type Line = { name: string; value: string };

/** What an agent can do, for people: a word for each thing that differs between agents. */
export function describeCapabilities(can: AgentCapabilities): Line[] {
  const choices = [can.model && 'model', can.effort && 'effort', can.maxTurns && 'turns'].filter(Boolean);
  return [
    { name: 'messages', value: whenItHears(can) },
    { name: 'answer', value: can.answer === 'schema' ? 'held to its form' : 'asked for in words' },
    { name: 'cost', value: can.cost === 'counted' ? 'counted by Sentra' : 'as it tells' },
    { name: 'budget', value: can.budget ? 'kept by itself too' : 'kept by Sentra' },
    { name: 'goes on after a limit', value: can.resume ? 'yes' : 'no' },
    { name: 'hooks', value: can.hooks ? 'yes' : can.hookSocket ? 'by the socket' : 'no' },
    { name: 'key', value: can.gateway ? 'stays with Sentra' : 'its own login' },
    { name: 'may choose', value: choices.join(', ') || 'nothing' },
  ];
}

function whenItHears({ messages, interrupt }: AgentCapabilities): string {
  if (messages === 'none') return 'in the next session';
  return interrupt ? 'while it works, interrupts too' : 'while it works';
}
