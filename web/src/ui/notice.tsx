import { Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Code } from './code.tsx';

/** Something a person should read: a failure with its way out, or a remark. */
export function Notice({ tone, children }: { tone: 'err' | 'warn' | 'info'; children: ReactNode }) {
  const look = {
    err: 'bg-err-tint text-err-text',
    warn: 'bg-warn-tint text-warn',
    info: 'bg-accent-tint text-accent-text',
  }[tone];
  return (
    <div role={tone === 'err' ? 'alert' : 'note'} className={`flex gap-2 rounded-md px-3 py-2 ${look}`}>
      <span className="mt-0.5">
        {tone === 'info' ? <Info aria-hidden="true" /> : <TriangleAlert aria-hidden="true" />}
      </span>
      <div className="min-w-0 flex-1 wrap-anywhere">
        {typeof children === 'string' ? <Code text={children} /> : children}
      </div>
    </div>
  );
}
