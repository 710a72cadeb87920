/**
 * One run in one file: all that is known of it, enough to follow it line by line where there is no Sentra. `format` changes its number
 * when something goes or means something else; what is added does not change it.
 */
import { z } from 'zod';
import { Event } from '#src/domain/event.ts';
import { Evidence } from '#src/domain/evidence.ts';
import { HookEvent } from '#src/domain/hook.ts';
import { LogLine } from '#src/domain/log.ts';
import { Message } from '#src/domain/message.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { Project } from '#src/domain/project.ts';
import { Commit, DiffFile, PullRequest } from '#src/domain/pull-request.ts';
import { Run } from '#src/domain/run.ts';
import { Span } from '#src/domain/span.ts';
import { Task } from '#src/domain/task.ts';

export const exportFormat = 'sentra.run/1';

/** One agent session, with what it was told; secrets are taken out. What it said and did is in `logs`. */
export const ExportedSession = z.object({
  id: z.string(),
  phase: z.enum(phaseNames),
  attempt: z.number().int(),
  agent: z.string(),
  agentSessionId: z.string().nullable(),
  model: z.string().nullable(),
  outcome: z.string().nullable(),
  message: z.string().nullable(),
  costUsd: z.number().nullable(),
  usage: z.record(z.string(), z.number()).nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  systemPrompt: z.string().nullable(),
  prompt: z.string().nullable(),
});

export const RunExport = z.object({
  format: z.literal(exportFormat),
  exportedAt: z.string(),
  /** Of the Sentra that wrote the file, and of its Node.js. */
  versions: z.object({ sentra: z.string(), node: z.string() }),
  project: Project.pick({ id: true, name: true, path: true, baseBranch: true, remote: true }),
  task: Task,
  /** With its phases and their attempts. */
  run: Run,
  spans: z.array(Span),
  evidence: z.array(Evidence),
  sessions: z.array(ExportedSession),
  /** Of the task's branch, oldest first, and what it changes in each file: of all runs so far. */
  commits: z.array(Commit),
  diff: z.object({
    base: z.string().nullable(),
    head: z.string().nullable(),
    files: z.array(DiffFile.pick({ path: true, oldPath: true, status: true, additions: true, deletions: true })),
    /** Why there is nothing about the branch. */
    problem: z.string().nullable(),
  }),
  pullRequest: PullRequest.omit({ queue: true }).nullable(),
  /** What changed the task's status and its runs'. */
  events: z.array(Event.pick({ type: true, data: true, timestamp: true })),
  /** What people said to the agents of this run, and what no agent has heard yet. */
  messages: z.array(Message),
  /** What hooks told of it, oldest first. */
  hookEvents: z.array(HookEvent),
  /** Last, because there may be millions: every line of the run, and those of the task that belong to none. */
  logs: z.array(LogLine),
});
export type RunExport = z.infer<typeof RunExport>;
