import { useQueries } from '@tanstack/react-query';
import { GitMerge } from 'lucide-react';
import { messageOf } from '#src/errors.ts';
import { MergeQueue } from '../components/merge-queue.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { useProject } from '../hooks/use-project.ts';
import { mergeQueueQuery } from '../queries.ts';
import { Code } from '../ui/code.tsx';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';

const meaning =
  'Approved pull requests come here when somebody merges them, or by themselves with `merge` set to `auto` in sentra.json. Each is tested on top of what is before it, and the base moves only when that is green.';

/** What merges next, project by project, and what a person has to decide. */
export function MergesPage() {
  const { project, projects, isPending } = useProject();
  const shown = project ? [project] : projects;
  const queues = useQueries({ queries: shown.map(({ id }) => mergeQueueQuery(id)) });
  const error = queues.find((queue) => queue.error)?.error;
  const isEmpty = !isPending && queues.every(({ data }) => data?.length === 0);
  return (
    <>
      <title>Merges · Sentra</title>
      <TopBar>
        <h1 className="text-base">Merges</h1>
      </TopBar>
      <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4">
        {error && <Notice tone="err">{messageOf(error)}</Notice>}
        {isEmpty && (
          <Empty icon={GitMerge} title="Nothing waits to be merged">
            <p>
              <Code text={meaning} />
            </p>
          </Empty>
        )}
        {shown.map(({ id, name }, at) => (
          <MergeQueue key={id} title={shown.length > 1 ? name : 'Merge queue'} entries={queues[at]?.data ?? []} />
        ))}
      </div>
    </>
  );
}
