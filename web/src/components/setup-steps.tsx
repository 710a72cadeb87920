import { Check, ChevronDown, ChevronRight, LoaderCircle, X } from 'lucide-react';
import { useState } from 'react';
import type { SetupStep } from '#src/domain/task-environment.ts';
import { formatDuration, plural } from '../format.ts';
import { AnsiText } from './ansi-text.tsx';

const looks = {
  passed: { tone: 'ok', Icon: Check, word: 'Passed' },
  failed: { tone: 'err', Icon: X, word: 'Failed' },
  running: { tone: 'run', Icon: LoaderCircle, word: 'Running' },
} as const;

/** How the worktree was made fit to work in: one line folded, each step in its own when open, as it is after a failure. */
export function SetupSteps({ steps }: { steps: readonly SetupStep[] }) {
  const worst =
    steps.find((step) => step.state === 'failed') ?? steps.find((step) => step.state === 'running') ?? steps[0];
  const [open, setOpen] = useState<boolean>();
  if (!worst) return null;
  const isOpen = open ?? worst.state !== 'passed';
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  const took = steps.reduce((sum, step) => sum + (step.durationMs ?? 0), 0);
  return (
    <section className="report" aria-label="Set-up">
      <button type="button" className="report-head" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <StateTag state={worst.state} />
        <span className="font-medium">Set-up</span>
        <span className="cut flex-1 text-second">{steps.map((step) => step.name).join(', ')}</span>
        <span className="text-xs text-second">
          {plural(steps.length, 'step')} · {formatDuration(took)}
        </span>
        <Chevron aria-hidden="true" />
      </button>
      {isOpen && (
        <ul className="border-t border-line">
          {steps.map((step) => (
            <SetupRow key={step.name} step={step} />
          ))}
        </ul>
      )}
    </section>
  );
}

function SetupRow({ step }: { step: SetupStep }) {
  const exit = step.exitCode === null ? undefined : `exit ${step.exitCode}`;
  const took = step.durationMs === null ? undefined : formatDuration(step.durationMs);
  const isFailed = step.state === 'failed';
  return (
    <li className="border-t border-line first:border-t-0">
      <div className="flex min-h-9 items-center gap-2 px-3">
        <StateTag state={step.state} />
        <span className="font-medium">{step.name}</span>
        <span className="cut mono flex-1 text-second">{step.command ?? (isFailed ? '' : step.summary)}</span>
        <span className="shrink-0 text-xs text-second">{[exit, took].filter(Boolean).join(' · ')}</span>
      </div>
      {isFailed && step.summary && (
        <pre className="code-block">
          <AnsiText text={step.summary} />
        </pre>
      )}
    </li>
  );
}

function StateTag({ state }: { state: SetupStep['state'] }) {
  const { tone, Icon, word } = looks[state];
  return (
    <span className="tag" data-tone={tone}>
      <Icon aria-hidden="true" />
      {word}
    </span>
  );
}
