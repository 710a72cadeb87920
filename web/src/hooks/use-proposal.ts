/** A proposal under a person's hands: shown as edited at once, sent one edit after another, and taken back. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Analysis } from '#src/domain/analysis.ts';
import { withOwnKeys } from '#src/domain/loose-tasks.ts';
import type { ProposedTasks } from '../analyst.ts';
import { analysisQuery, api } from '../queries.ts';

export type Proposal = {
  tasks: ProposedTasks;
  edit: (tasks: ProposedTasks) => void;
  /** Not there when there is nothing to take back. */
  undo: (() => void) | undefined;
  isSaving: boolean;
  /** Why the last edit was not taken; what is shown is then as the server has it. */
  error: unknown;
  /** Waits until every edit is sent; answers the version they came to, and throws when one was refused. */
  settle: () => Promise<number | undefined>;
};

const mostUndone = 100;

export function useProposal({ id, tasks: saved, version }: Analysis): Proposal {
  const [draft, setDraft] = useState<ProposedTasks>();
  const [error, setError] = useState<unknown>();
  // What somebody else has changed since is not taken back with one's own edits.
  const [past, setPast] = useState<{ of: number | undefined; steps: readonly ProposedTasks[] }>({ of: 0, steps: [] });
  const { send, settle } = useSender(id);
  const tasks = useMemo(() => withOwnKeys(draft ?? saved), [draft, saved]);
  const steps = draft || past.of === version ? past.steps : [];
  const put = (next: ProposedTasks, before: readonly ProposedTasks[]) => {
    setDraft(next);
    setError(undefined);
    setPast({ of: undefined, steps: before });
    void send(next)?.then(({ thrown, version: reached }) => {
      setDraft(undefined);
      setError(thrown);
      setPast((now) => ({ of: reached, steps: thrown ? [] : now.steps }));
    });
  };
  const last = steps.at(-1);
  const undo = last && (() => put(last, steps.slice(0, -1)));
  useUndoKey(undo);
  return {
    tasks,
    edit: (next) => put(next, [...steps.slice(1 - mostUndone), tasks]),
    undo,
    isSaving: draft !== undefined,
    error,
    settle,
  };
}

type Sent = { thrown?: unknown; version: number | undefined };

/** One request at a time; of what was edited meanwhile only the newest is sent. */
function useSender(id: string) {
  const queryClient = useQueryClient();
  const wanted = useRef<ProposedTasks>(undefined);
  const work = useRef<Promise<Sent>>(undefined);
  const drain = useCallback(async (): Promise<Sent> => {
    const { queryKey } = analysisQuery(id);
    const versionNow = () => queryClient.getQueryData(queryKey)?.version;
    let version = versionNow();
    try {
      for (let tasks = wanted.current; tasks; tasks = wanted.current) {
        wanted.current = undefined;
        const saved = await api.patchAnalysis({ params: { id }, body: { tasks: [...tasks], version } });
        version = saved.version;
        await queryClient.cancelQueries({ queryKey }); // an older answer may be on its way
        queryClient.setQueryData(queryKey, saved);
      }
      return { version };
    } catch (thrown) {
      await queryClient.invalidateQueries({ queryKey });
      wanted.current = undefined;
      return { thrown, version: versionNow() };
    } finally {
      work.current = undefined;
    }
  }, [id, queryClient]);
  /** Nothing where the sending that is under way takes it along. */
  const send = (tasks: ProposedTasks): Promise<Sent> | undefined => {
    wanted.current = tasks;
    if (work.current) return undefined;
    work.current = drain();
    return work.current;
  };
  const settle = async () => {
    const sent = await work.current;
    if (sent?.thrown) throw sent.thrown;
    return sent ? sent.version : queryClient.getQueryData(analysisQuery(id).queryKey)?.version;
  };
  return { send, settle };
}

/** Ctrl or ⌘ with z; within a field it is the browser's own. */
function useUndoKey(undo: (() => void) | undefined): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isAsked = event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      const isTyping =
        event.target instanceof HTMLElement && event.target.matches('input:not([type="checkbox"]), textarea');
      if (!isAsked || isTyping || !undo) return;
      event.preventDefault();
      undo();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [undo]);
}
