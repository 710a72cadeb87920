/** What the branch changes: files, diff, pull request, commits. Comments on lines are kept as drafts until they are sent. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { GitBranch, TriangleAlert } from 'lucide-react';
import { shortId } from '#src/domain/ids.ts';
import type { NewComment, ReviewComment } from '#src/domain/pull-request.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { diffQuery, pullRequestQuery } from '../queries.ts';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';
import { CommitList } from './commit-list.tsx';
import { DiffFileView } from './diff-file.tsx';
import { FileList } from './file-list.tsx';
import { PullRequestBox } from './pull-request-box.tsx';

type Props = { task: Task; drafts: readonly NewComment[]; onDrafts: (drafts: NewComment[]) => void };

export function TaskBranch({ task, drafts, onDrafts }: Props) {
  const { file } = useSearch({ from: '/shell/tasks/$id' });
  const navigate = useNavigate({ from: '/tasks/$id' });
  const { data: diff, error } = useQuery(diffQuery(task.id));
  const { data: pullRequest } = useQuery({ ...pullRequestQuery(task.id), enabled: task.pullRequest !== null });
  if (error)
    return (
      <div className="p-4">
        <Notice tone="err">{messageOf(error)}</Notice>
      </div>
    );
  if (!diff) return <p className="p-6 text-second">Reading the branch…</p>;
  if (diff.head === null)
    return (
      <Empty icon={GitBranch} title="No branch yet">
        <p>The first run makes a branch and a worktree for this task. Its commits and changes appear here.</p>
      </Empty>
    );
  const open = (path: string) => {
    void navigate({ search: (before) => ({ ...before, file: path }), replace: true });
    document.getElementById(`file-${path}`)?.scrollIntoView({ block: 'start' });
  };
  const canComment = pullRequest?.state === 'open';
  return (
    <div className="flex min-h-0 flex-1 max-lg:flex-col">
      <FileList
        files={diff.files}
        current={file}
        comments={pullRequest?.comments ?? []}
        drafts={drafts}
        onOpen={open}
      />
      <div className="min-h-0 min-w-0 flex-1 overflow-y-auto max-lg:overflow-visible">
        {diff.conflicts.map((conflict) => (
          <p key={conflict.taskId} className="flex gap-2 border-b border-line bg-warn-tint px-4 py-2 text-warn">
            <TriangleAlert aria-hidden="true" className="mt-0.5" />
            <span>
              Conflicts with{' '}
              <Link
                to="/tasks/$id"
                params={{ id: conflict.taskId }}
                search={({ project }) => ({ project })}
                className="underline"
              >
                task-{shortId(conflict.taskId)}
              </Link>
              : {conflict.paths.join(', ')}
            </span>
          </p>
        ))}
        {pullRequest && <PullRequestBox pullRequest={pullRequest} />}
        <CommitList commits={diff.commits} />
        <section aria-label="Diff">
          {diff.files.length === 0 && <p className="p-6 text-second">The branch changes no file yet.</p>}
          {diff.files.map((changed) => (
            <DiffFileView
              key={changed.path}
              file={changed}
              comments={commentsOn(pullRequest?.comments ?? [], changed.path)}
              drafts={drafts.filter((draft) => draft.path === changed.path)}
              onComment={
                canComment ? (line, body) => onDrafts([...drafts, { path: changed.path, line, body }]) : undefined
              }
              onDiscard={(draft) => onDrafts(drafts.filter((other) => other !== draft))}
            />
          ))}
        </section>
      </div>
    </div>
  );
}

const commentsOn = (comments: readonly ReviewComment[], path: string) =>
  comments.filter((comment) => comment.path === path);
