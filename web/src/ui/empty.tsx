import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

/** Nothing here yet: what this place is for, and how to begin. */
export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children: ReactNode }) {
  return (
    <div className="m-auto flex max-w-[480px] flex-col items-center gap-3 p-6 text-center">
      <span className="grid size-12 place-items-center rounded-lg border border-line bg-surface text-second">
        <Icon aria-hidden="true" className="!size-5" />
      </span>
      <h2 className="text-lg">{title}</h2>
      <div className="flex w-full flex-col items-center gap-3 text-body">{children}</div>
    </div>
  );
}
