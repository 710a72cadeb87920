import { File } from 'lucide-react';
import { useState } from 'react';
import { showName } from '#src/domain/display.ts';
import type { DiffFile, NewComment, ReviewComment } from '#src/domain/pull-request.ts';
import { plural } from '../format.ts';

type Props = {
  files: readonly DiffFile[];
  current: string | undefined;
  comments: readonly ReviewComment[];
  drafts: readonly NewComment[];
  onOpen: (path: string) => void;
};

export function FileList({ files, current, comments, drafts, onOpen }: Props) {
  const [q, setQ] = useState('');
  const found = files.filter((file) => file.path.toLowerCase().includes(q.toLowerCase()));
  const folders = [...new Set(found.map((file) => folderOf(file.path)))];
  const sum = (key: 'additions' | 'deletions') => files.reduce((total, file) => total + (file[key] ?? 0), 0);
  const remarks = (path: string) => [...comments, ...drafts].filter((comment) => comment.path === path).length;
  return (
    <nav
      aria-label="Changed files"
      className="flex w-[232px] flex-none flex-col gap-0.5 overflow-y-auto border-r border-line px-2 py-3 max-lg:w-auto max-lg:overflow-visible max-lg:border-r-0 max-lg:border-b"
    >
      {files.length > 5 && (
        <input
          type="search"
          aria-label="Find a file"
          placeholder="Find a file"
          className="field mb-2 flex-none"
          value={q}
          onChange={(event) => setQ(event.target.value)}
        />
      )}
      <p className="flex gap-2 px-2 pb-1 text-xs text-second">
        {plural(files.length, 'file')}
        <span className="text-ok">+{sum('additions')}</span>
        <span className="text-err-text">−{sum('deletions')}</span>
      </p>
      {folders.map((folder) => (
        <div key={folder}>
          {folder && <p className="mono cut px-2 py-1 text-second">{folder}</p>}
          {found
            .filter((file) => folderOf(file.path) === folder)
            .map((file) => (
              <button
                key={file.path}
                type="button"
                className="file-row"
                aria-current={file.path === current}
                title={file.path}
                onClick={() => onOpen(file.path)}
              >
                <File aria-hidden="true" />
                <span className={`cut flex-1 ${file.status === 'deleted' ? 'line-through' : ''}`}>
                  {showName(file.path.slice(folder ? folder.length + 1 : 0))}
                </span>
                {remarks(file.path) > 0 && <span className="kbd">{remarks(file.path)}</span>}
                {file.additions !== null && <span className="text-xs text-ok">+{file.additions}</span>}
                {!!file.deletions && <span className="text-xs text-err-text">−{file.deletions}</span>}
              </button>
            ))}
        </div>
      ))}
    </nav>
  );
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
