import { ChevronDown, ChevronRight } from 'lucide-react';
import { Fragment, useMemo, useState } from 'react';
import { showName } from '#src/domain/display.ts';
import type { DiffFile, NewComment, ReviewComment } from '#src/domain/pull-request.ts';
import { type DiffLine, parsePatch, tokensOf } from '../diff.ts';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { CommentForm, CommentThread } from './diff-comments.tsx';

type Props = {
  file: DiffFile;
  comments: readonly ReviewComment[];
  drafts: readonly NewComment[];
  /** Absent where no comment can be made. */
  onComment: ((line: number, body: string) => void) | undefined;
  onDiscard: (draft: NewComment) => void;
};

const largeLines = 400;
const prose = /\.(?:md|markdown|txt|rst|lock)$|(?:^|\/)(?:LICENSE|README)[^/]*$/i;

export function DiffFileView({ file, comments, drafts, onComment, onDiscard }: Props) {
  const lines = useMemo(() => parsePatch(file.patch), [file.patch]);
  const [open, setOpen] = useState(lines.length <= largeLines);
  const [commenting, setCommenting] = useState<number>();
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <article id={`file-${file.path}`} aria-label={file.path} className="border-b border-line">
      <header className="sticky top-0 z-[1] flex min-h-10 items-center gap-2 border-b border-line bg-surface px-4">
        <button
          type="button"
          className="flex min-h-10 min-w-0 flex-1 items-center gap-2 text-left max-md:min-h-11"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Chevron aria-hidden="true" />
          <span className="mono cut">
            {file.oldPath ? `${showName(file.oldPath)} → ${showName(file.path)}` : showName(file.path)}
          </span>
          {file.status !== 'modified' && <span className="tag">{file.status.replace('_', ' ')}</span>}
          {file.steers && (
            <span className="tag" data-tone="warn">
              changes {file.steers}
            </span>
          )}
        </button>
        <CopyButton text={file.path} label="Copy path" />
        {file.additions !== null && (
          <span className="mono">
            <span className="text-ok">+{file.additions}</span> <span className="text-err-text">−{file.deletions}</span>
          </span>
        )}
      </header>
      {open && file.patch === '' && (
        <p className="px-4 py-3 text-second">
          {file.truncated
            ? 'Too large to show here: see it in the worktree.'
            : 'Nothing to show: a binary file, or only its name or mode changed.'}
        </p>
      )}
      {!open && lines.length > largeLines && (
        <Button look="ghost" className="m-2" onClick={() => setOpen(true)}>
          Show {lines.length} lines
        </Button>
      )}
      {open && file.patch !== '' && (
        <ScrollRegion className="diff" aria-label={`Changes of ${file.path}`}>
          <div className="diff-body">
            {lines.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of a patch have no identity but their place
              <Fragment key={index}>
                <Row
                  line={line}
                  plain={prose.test(file.path)}
                  onComment={onComment && (() => setCommenting(line.newLine ?? undefined))}
                />
                {line.newLine !== null && (
                  <CommentThread
                    comments={comments.filter((comment) => comment.line === line.newLine)}
                    drafts={drafts.filter((draft) => draft.line === line.newLine)}
                    onDiscard={onDiscard}
                  />
                )}
                {line.newLine !== null && commenting === line.newLine && (
                  <CommentForm
                    onCancel={() => setCommenting(undefined)}
                    onAdd={(body) => {
                      onComment?.(commenting, body);
                      setCommenting(undefined);
                    }}
                  />
                )}
              </Fragment>
            ))}
          </div>
        </ScrollRegion>
      )}
    </article>
  );
}

const signs: Record<DiffLine['kind'], string> = { added: '+', removed: '−', same: '', hunk: '', note: '' };

type RowProps = { line: DiffLine; plain: boolean; onComment: (() => void) | undefined };

function Row({ line, plain, onComment }: RowProps) {
  const { kind, oldLine, newLine, text } = line;
  return (
    <div className="diff-line" data-kind={kind}>
      <span>{oldLine ?? ''}</span>
      {newLine !== null && onComment ? (
        <button
          type="button"
          aria-label={`Comment on line ${newLine}`}
          title="Comment on this line"
          onClick={onComment}
        >
          {newLine}
        </button>
      ) : (
        <span>{newLine ?? ''}</span>
      )}
      <span>{signs[kind]}</span>
      <span>
        {plain || kind === 'hunk' || kind === 'note'
          ? text
          : tokensOf(text).map((token, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity but their place
              <span key={index} className={token.kind === 'plain' ? undefined : `token-${token.kind}`}>
                {token.text}
              </span>
            ))}
      </span>
    </div>
  );
}
