import { ChevronDown, ChevronRight, GitMerge, GitPullRequest, GitPullRequestClosed } from 'lucide-react';
import { useState } from 'react';
import type { PullRequest } from '#src/domain/pull-request.ts';
import { messageOf } from '#src/errors.ts';
import { useTaskAction } from '../hooks/use-task-action.ts';
import { Button } from '../ui/button.tsx';
import { Markdown } from '../ui/markdown.tsx';
import { Notice } from '../ui/notice.tsx';
import { CommentBody } from './diff-comments.tsx';
import { ForgeState } from './forge-state.tsx';

const looks = {
  open: { label: 'Open', tone: 'warn', icon: GitPullRequest },
  merged: { label: 'Merged', tone: 'ok', icon: GitMerge },
  closed: { label: 'Closed', tone: undefined, icon: GitPullRequestClosed },
} as const;

export function PullRequestBox({ pullRequest }: { pullRequest: PullRequest }) {
  const [open, setOpen] = useState(true);
  const action = useTaskAction(pullRequest.taskId);
  const { label, tone, icon: Icon } = looks[pullRequest.state];
  const Chevron = open ? ChevronDown : ChevronRight;
  const general = pullRequest.comments.filter((comment) => comment.path === null);
  return (
    <section aria-label="Pull request" className="border-b border-line">
      <button
        type="button"
        className="flex min-h-10 w-full flex-wrap items-center gap-2 px-4 py-2 text-left focus-visible:-outline-offset-2"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Chevron aria-hidden="true" />
        <span className="tag" data-tone={tone}>
          <Icon aria-hidden="true" />
          {label}
        </span>
        <span className="font-medium">Pull request #{pullRequest.number}</span>
        {pullRequest.approvedAt && (
          <span className="tag" data-tone="ok">
            Approved
          </span>
        )}
        {pullRequest.queue && pullRequest.queue.state !== 'refused' && (
          <span className="tag">{queueWords[pullRequest.queue.state]}</span>
        )}
        <span className="mono ml-auto text-second max-md:ml-0 max-md:w-full wrap-anywhere">
          {pullRequest.headBranch} → {pullRequest.baseBranch}
        </span>
      </button>
      {open && (
        <div className="flex flex-col gap-3 px-4 pb-3">
          {pullRequest.queue?.message && pullRequest.queue.message !== pullRequest.forge.problem && (
            <Notice tone={pullRequest.queue.state === 'refused' ? 'err' : 'warn'}>{pullRequest.queue.message}</Notice>
          )}
          {pullRequest.forge.kind !== 'local' && (
            <ForgeState
              forge={pullRequest.forge}
              onPush={pullRequest.state === 'open' ? () => action.mutate({ name: 'push' }) : undefined}
            />
          )}
          {action.isError && <Notice tone="err">{messageOf(action.error)}</Notice>}
          {pullRequest.body && <Body text={pullRequest.body} />}
          {general.length > 0 && (
            <div className="panel divide-y divide-line">
              {general.map((comment) => (
                <CommentBody key={comment.id} comment={comment} />
              ))}
            </div>
          )}
        </div>
      )}
    </section>
  );
}

const queueWords = {
  waiting: 'Waits in the merge queue',
  testing: 'Merge queue: being tested',
  merging: 'Merge queue: being merged',
} as const;

const longLines = 6;

/** Long descriptions are cut, so that the diff is in view. */
function Body({ text }: { text: string }) {
  const [whole, setWhole] = useState(text.split('\n').length <= longLines);
  return (
    <div>
      <div className={whole ? '' : 'max-h-[76px] overflow-hidden'}>
        <Markdown text={text} />
      </div>
      {!whole && (
        <Button look="ghost" size="small" className="mt-1 -ml-2" onClick={() => setWhole(true)}>
          Show the whole description
        </Button>
      )}
    </div>
  );
}
