/** What a session is told, and the row that says so: written before the agent starts, in the transaction that gives it what people said. */

import type { Message } from '#src/domain/message.ts';
import type { PromptVariable } from '#src/domain/prompt.ts';
import { fillPrompt } from '#src/domain/prompt.ts';
import { insertSession } from '#src/store/agent-sessions.ts';
import { deliverInPrompt } from '#src/store/messages.ts';
import { findPrompt } from '#src/store/prompts.ts';
import { storableText } from '#src/store/text.ts';
import { describeNeighbours } from '#src/workflows/neighbours.ts';
import { type Role, systemPrompt } from '#src/workflows/prompts.ts';
import type { Run } from '#src/workflows/run.ts';

export type Brief = { systemPrompt: string; prompt: string };

type SessionRow = { id: string; taskId: string; adwId: string; phase: string; attempt: number; agent: string };

export async function beginSession(
  run: Run,
  row: SessionRow,
  { role, prompt }: { role: Role; prompt: string },
): Promise<Brief> {
  const { parts, facts } = run;
  const { redactor } = parts;
  const own = await findPrompt(parts.database.db, facts.project.id, role);
  const neighbours = await describeNeighbours(parts.database.db, facts.taskId);
  const system = own ? fillPrompt(own.text, valuesOf(run, { role, attempt: row.attempt })) : systemPrompt(role);
  return parts.changes.change(async ({ tx, record }) => {
    const said = await deliverInPrompt(tx, { taskId: row.taskId, sessionId: row.id, phase: row.phase });
    const brief = { systemPrompt: system, prompt: `${prompt}${neighbours}${saidByPeople(said)}` };
    await insertSession(tx, {
      ...row,
      systemPrompt: storableText(redactor(brief.systemPrompt)),
      prompt: storableText(redactor(brief.prompt)),
      promptVersion: own?.version ?? null,
    });
    if (said.length > 0)
      record({ type: 'message.changed', taskId: row.taskId, data: { messageId: said.at(-1)?.id ?? 0 } });
    return brief;
  });
}

const valuesOf = (
  { facts, plan, worktree }: Run,
  { role, attempt }: { role: Role; attempt: number },
): Record<PromptVariable, string> => ({
  title: facts.title,
  description: facts.description,
  type: facts.type,
  plan: plan ?? '',
  branch: worktree.branchName,
  base: facts.project.baseBranch,
  phase: role,
  attempt: String(attempt),
  taskId: facts.taskId,
});

/** Last, so that it is what the agent reads last; it comes before what the other sections ask for. */
function saidByPeople(said: readonly Message[]): string {
  if (said.length === 0) return '';
  const words = said.map(({ text }) => text.trim()).join('\n\n');
  return `\n\n## A person says\n\nThis was said while an earlier session was at work, or before this one. It comes before the plan.\n\n${words}`;
}
