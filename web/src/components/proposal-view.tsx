/** A proposal to be edited: its tasks, the one that is chosen, and what stands in the way of creating them. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus, Undo2, X } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import type { Analysis } from '#src/domain/analysis.ts';
import { messageOf } from '#src/errors.ts';
import { addTask, countWaitingFor, dropTasks, mergeTasks, type ProposedTasks, sortProposal } from '../analyst.ts';
import { plural } from '../format.ts';
import { useIsPhone } from '../hooks/use-is-phone.ts';
import { type Proposal, useProposal } from '../hooks/use-proposal.ts';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import { codeOf } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { CreateProposed } from './create-proposed.tsx';
import { ProposalEditor } from './proposal-editor.tsx';
import { ProposalProblems } from './proposal-problems.tsx';
import { ProposalTable } from './proposal-table.tsx';

export function ProposalView({ analysis }: { analysis: Analysis }) {
  const proposal = useProposal(analysis);
  const { tasks, edit } = proposal;
  const { task: chosenKey } = useSearch({ from: '/shell/analyst/$id' });
  const navigate = useNavigate({ from: '/analyst/$id' });
  const isPhone = useIsPhone();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const sorted = useMemo(() => sortProposal(tasks), [tasks]);
  const waiting = useMemo(() => countWaitingFor(tasks), [tasks]);
  const select = useCallback(
    (key: string | undefined) =>
      void navigate({ search: (before) => ({ ...before, task: key }), replace: true, resetScroll: false }),
    [navigate],
  );
  const mark = useCallback(
    (keys: readonly string[], isMarked: boolean) =>
      setMarked(
        (before) => new Set(isMarked ? [...before, ...keys] : [...before].filter((key) => !keys.includes(key))),
      ),
    [],
  );
  const move = (by: 1 | -1) => {
    const next = moveFocus(by);
    if (next && !isPhone) select(next);
  };
  useShortcuts({ j: () => move(1), k: () => move(-1), esc: () => select(undefined) });
  const chosen = sorted.find(({ key }) => key === chosenKey);
  const acted = sorted.filter(({ key }) => marked.has(key)).map(({ key }) => key);
  const drop = (keys: readonly string[]) => {
    edit(dropTasks(tasks, keys));
    if (chosenKey && keys.includes(chosenKey)) select(neighbourOf(sorted, keys, chosenKey));
  };
  const merge = () => {
    edit(mergeTasks(tasks, acted));
    setMarked(new Set());
    select(acted[0]);
  };
  const add = () => {
    const added = addTask(tasks);
    edit(added.tasks);
    select(added.key);
  };
  const editor = chosen && (
    <ProposalEditor
      key={chosen.key}
      task={chosen}
      tasks={sorted}
      projectId={analysis.projectId}
      waiting={waiting.get(chosen.key) ?? 0}
      onEdit={edit}
      onDrop={() => drop([chosen.key])}
    />
  );
  return (
    <>
      <div className="flex min-h-12 flex-none flex-wrap items-center gap-2 border-b border-line px-4 py-2">
        <Button size="small" onClick={add}>
          <Plus aria-hidden="true" />
          Add a task
        </Button>
        <Button
          size="small"
          look="ghost"
          title="Ctrl or ⌘ Z"
          why={proposal.undo ? undefined : 'Nothing to take back'}
          onClick={proposal.undo}
        >
          <Undo2 aria-hidden="true" />
          Undo
        </Button>
        <span role="status" className="text-xs text-second">
          {proposal.isSaving ? 'Saving…' : ''}
        </span>
        <CreateProposed analysis={analysis} proposal={proposal} />
      </div>
      <Refusal proposal={proposal} />
      <ProposalProblems analysis={analysis} proposal={proposal} onSelect={select} />
      {acted.length > 0 && (
        <MarkedBar
          many={acted.length}
          onMerge={merge}
          onDrop={() => drop(acted)}
          onClear={() => setMarked(new Set())}
        />
      )}
      <div className="flex min-h-0 flex-1 max-md:flex-none">
        <ScrollRegion
          aria-label="Proposed tasks"
          className="min-h-0 min-w-0 flex-1 overflow-auto max-md:overflow-visible"
        >
          <ProposalTable
            tasks={sorted}
            waiting={waiting}
            marked={marked}
            onMark={mark}
            selected={chosen?.key}
            onSelect={select}
          />
        </ScrollRegion>
        {!isPhone && (
          <aside aria-label="Chosen task" className="w-96 flex-none overflow-y-auto border-l border-line p-4">
            {editor ?? (
              <p className="text-second">
                Choose a task to change or split it. Mark several to merge them into one, or to drop them.
              </p>
            )}
          </aside>
        )}
      </div>
      {isPhone && editor && (
        <Dialog open onOpenChange={() => select(undefined)} title="Proposed task">
          <div className="p-4">{editor}</div>
        </Dialog>
      )}
    </>
  );
}

type MarkedProps = { many: number; onMerge: () => void; onDrop: () => void; onClear: () => void };

const MarkedBar = ({ many, onMerge, onDrop, onClear }: MarkedProps) => (
  <section
    aria-label="Marked tasks"
    className="flex flex-none flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-2"
  >
    <strong className="font-medium">{plural(many, 'task')} marked</strong>
    <Button size="small" why={many < 2 ? 'Mark another one to merge it with' : undefined} onClick={onMerge}>
      Merge into one
    </Button>
    <Button size="small" onClick={onDrop}>
      Drop
    </Button>
    <Button look="ghost" size="small" className="ml-auto" onClick={onClear}>
      <X aria-hidden="true" />
      Mark none
    </Button>
  </section>
);

function Refusal({ proposal: { error } }: { proposal: Proposal }) {
  if (!error) return null;
  const isOutdated = codeOf(error) === 'conflict';
  return (
    <div className="flex-none px-4 pt-3">
      <Notice tone="err">
        {isOutdated
          ? 'The proposal was changed elsewhere meanwhile. It is shown as it is now; your last edit is not in it.'
          : messageOf(error)}
      </Notice>
    </div>
  );
}

/** What is chosen when these go: the next that stays, else the one before. */
function neighbourOf(sorted: ProposedTasks, gone: readonly string[], key: string): string | undefined {
  const at = sorted.findIndex((task) => task.key === key);
  const stays = (task: ProposedTasks[number]) => !gone.includes(task.key);
  return (sorted.slice(at).find(stays) ?? sorted.slice(0, at).findLast(stays))?.key;
}

/** From the row in focus or chosen; answers the key of the row that has the focus then. */
function moveFocus(by: 1 | -1): string | undefined {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-proposed]')];
  const focused = rows.indexOf(document.activeElement as HTMLElement);
  const at = focused >= 0 ? focused : rows.findIndex((row) => row.getAttribute('aria-pressed') === 'true');
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
  next?.focus();
  return next?.dataset.proposed;
}
