/** Migrate, build and the set-up script in a task's worktree, each a step that is told, timed and kept. */
import type { Attempt } from '#src/environment/attempt.ts';
import type { Runner } from '#src/environment/runner.ts';
import { type CommandStep, runSetup } from '#src/environment/setup.ts';
import { SentraError } from '#src/errors.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import type { Recorder } from '#src/logs/recorder.ts';
import type { Parts } from '#src/workflows/parts.ts';
import type { SetupFacts } from '#src/workflows/room.ts';
import type { SetupSteps } from '#src/workflows/setup-steps.ts';

export type TaskSetup = {
  parts: Pick<Parts, 'redactor'>;
  facts: Pick<SetupFacts, 'config'>;
  runner: Runner;
  worktreePath: string;
  env: Readonly<Record<string, string>>;
  steps: SetupSteps;
  log: Logger;
};

/** Throws `setup_failed` with the last lines of the step that failed; a retry goes on with that one. */
export async function runTaskSetup(setup: TaskSetup, signal: AbortSignal): Promise<void> {
  const { parts, facts, runner, worktreePath, env, steps, log } = setup;
  const recorders = new Map<CommandStep, Recorder>();
  const recorderOf = (name: CommandStep): Recorder => {
    const recorder = recorders.get(name) ?? log.record({ name, metadata: { kind: 'output', toolUsed: name } });
    recorders.set(name, recorder);
    return recorder;
  };
  const done = await runSetup({
    runner,
    worktreePath,
    setup: facts.config.setup,
    env,
    timeoutMs: (name) => timeoutOf(facts, name),
    onOutput: (name, chunk, stream) => recorderOf(name).onOutput(chunk, stream),
    around: async ({ name, command }, act) => {
      const told = async () => {
        void log.info(`Set-up step "${name}": ${command}`, { kind: 'step', toolUsed: name });
        return act().finally(() => recorders.get(name)?.end());
      };
      const ended = await steps.run({ name, means: command, tell: toEnd }, told);
      if (ended?.outcome === 'passed')
        void log.info(`Set-up step "${name}" passed`, { kind: 'step', toolUsed: name, duration: ended.durationMs });
      return ended ?? { outcome: 'passed', command, durationMs: 0 };
    },
    signal,
  });
  const failed = done.find((step) => step.outcome === 'failed');
  if (failed)
    throw new SentraError(
      'setup_failed',
      `Set-up step "${failed.name}" failed: \`${failed.command}\` exited with ${failed.exitCode ?? 'a signal'}. Mend it, then retry: it goes on with this step.\n${parts.redactor(failed.tail)}`,
    );
}

/** Milliseconds that a step of the set-up may take. */
export const timeoutOf = ({ config }: Pick<SetupFacts, 'config'>, name: CommandStep | 'install'): number =>
  (config.setup.timeoutMinutes[name] ?? config.limits.phaseTimeoutMinutes) * 60_000;

const toEnd = (attempt: Attempt) =>
  attempt.outcome === 'passed'
    ? { outcome: attempt.outcome, exitCode: 0, summary: `Exited with 0 after ${seconds(attempt.durationMs)} s` }
    : { outcome: attempt.outcome, exitCode: attempt.exitCode, summary: attempt.tail };

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
