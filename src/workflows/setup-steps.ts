/**
 * What each step of a task's set-up came to: kept for people, and so that a retry goes on with the step that failed. A step
 * counts as done in the same folder with the same command, as long as none before it had to be done again.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { SetupStepName } from '#src/domain/task-environment.ts';
import { messageOf } from '#src/errors.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { findActiveRun } from '#src/store/runs.ts';
import {
  forgetSetupStep,
  isSetupStepDone,
  putSetupStep,
  type SetupStepKey,
  type SetupStepState,
} from '#src/store/setup-steps.ts';
import type { Parts } from '#src/workflows/parts.ts';

export type StepEnd = { outcome: 'passed' | 'failed'; command?: string; exitCode?: number | null; summary: string };

export type StepSpec<T> = {
  name: SetupStepName;
  /** What it is done with: a command, a setting. */
  means: string;
  /** It is cheap, and done each time. */
  again?: boolean;
  /** What its outcome means; undefined when there was nothing to do, which leaves no trace. */
  tell: (result: T) => StepEnd | undefined;
};

export type SetupSteps = {
  /** Runs `act`; undefined when it was done before. */
  run<T>(spec: StepSpec<T>, act: () => Promise<T>): Promise<T | undefined>;
};

/** A step that takes longer is shown while it runs; one that does not is written once. */
const shownAfterMs = 250;

export async function openSetupSteps(
  parts: Pick<Parts, 'database' | 'changes' | 'redactor'>,
  { taskId, worktreePath }: { taskId: string; worktreePath: string },
  log: Logger,
): Promise<SetupSteps> {
  const tree = await treeOf(worktreePath);
  const { db } = parts.database;
  const adwId = (await findActiveRun(db, taskId))?.adwId ?? null;
  let isFresh = false;
  return {
    async run({ name, means, again, tell }, act) {
      const key = { taskId, name, circumstances: `${tree} ${hash(means)}` };
      if (!again && !isFresh && (await isSetupStepDone(db, key))) {
        void log.info(`Set-up step "${name}" was done before`, { kind: 'step', toolUsed: name });
        return undefined;
      }
      const startedAt = performance.now();
      const keep = (state: Omit<SetupStepState, 'adwId' | 'durationMs'>) =>
        put(parts, key, {
          ...state,
          summary: parts.redactor(state.summary),
          adwId,
          durationMs: Math.round(performance.now() - startedAt),
        });
      const running = { state: 'running', command: means, exitCode: null, summary: '' } as const;
      let shown: Promise<void> | undefined;
      const timer = setTimeout(() => {
        shown = keep(running).catch(() => {}); // its end is written too, and is what counts
      }, shownAfterMs);
      try {
        const result = await act();
        clearTimeout(timer);
        await shown;
        const end = tell(result);
        if (end) {
          isFresh ||= !again;
          const { outcome: state, command = means, exitCode = null, summary } = end;
          await keep({ state, command, exitCode, summary });
        } else if (shown) await forgetSetupStep(db, taskId, name);
        return result;
      } catch (e) {
        clearTimeout(timer);
        await shown;
        await keep({ ...running, state: 'failed', summary: messageOf(e) });
        throw e;
      }
    },
  };
}

/** Which of all folders that ever were at this path. */
export async function treeOf(worktreePath: string): Promise<string> {
  const { ino, birthtimeMs } = await stat(path.join(worktreePath, '.git'));
  return `${ino}-${birthtimeMs}`;
}

const put = (parts: Pick<Parts, 'changes'>, key: SetupStepKey, state: SetupStepState): Promise<void> =>
  parts.changes.change(async ({ tx, record }) => {
    await putSetupStep(tx, key, state);
    const { taskId, name } = key;
    record({ type: 'worktree.changed', taskId, data: { step: name, state: state.state } });
  });

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
