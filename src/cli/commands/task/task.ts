import type { Command } from 'commander';
import { addAdd } from '#src/cli/commands/task/add.ts';
import { addApprove } from '#src/cli/commands/task/approve.ts';
import { addCancel } from '#src/cli/commands/task/cancel.ts';
import { addDepends } from '#src/cli/commands/task/depends.ts';
import { addDev } from '#src/cli/commands/task/dev.ts';
import { addDiff } from '#src/cli/commands/task/diff.ts';
import { addEnvironment } from '#src/cli/commands/task/environment.ts';
import { addEvidence } from '#src/cli/commands/task/evidence.ts';
import { addExport } from '#src/cli/commands/task/export.ts';
import { addHooks } from '#src/cli/commands/task/hooks.ts';
import { addImport } from '#src/cli/commands/task/import.ts';
import { addList } from '#src/cli/commands/task/list.ts';
import { addLogs } from '#src/cli/commands/task/logs.ts';
import { addMerge } from '#src/cli/commands/task/merge.ts';
import { addPlan } from '#src/cli/commands/task/plan.ts';
import { addPush } from '#src/cli/commands/task/push.ts';
import { addRequestChanges } from '#src/cli/commands/task/request-changes.ts';
import { addRetry } from '#src/cli/commands/task/retry.ts';
import { addRevert } from '#src/cli/commands/task/revert.ts';
import { addRework } from '#src/cli/commands/task/rework.ts';
import { addShow } from '#src/cli/commands/task/show.ts';
import { addSkip } from '#src/cli/commands/task/skip.ts';
import { addStart } from '#src/cli/commands/task/start.ts';
import { addInterrupt, addTell } from '#src/cli/commands/task/talk.ts';
import { addTimeline } from '#src/cli/commands/task/timeline.ts';
import { addWait } from '#src/cli/commands/task/wait.ts';
import { addWhy } from '#src/cli/commands/task/why.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

const verbs = [
  addAdd,
  addImport,
  addList,
  addShow,
  addDepends,
  addStart,
  addWait,
  addTell,
  addInterrupt,
  addPlan,
  addLogs,
  addTimeline,
  addExport,
  addDev,
  addDiff,
  addWhy,
  addEvidence,
  addEnvironment,
  addHooks,
  addApprove,
  addRequestChanges,
  addMerge,
  addRework,
  addPush,
  addRevert,
  addRetry,
  addCancel,
  addSkip,
];

export function addTaskCommands(program: Command, io: Io): void {
  const task = addNoun(program, 'task', 'what people ask for');
  for (const add of verbs) add(task, io);
}
