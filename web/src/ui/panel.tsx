import type { ReactNode } from 'react';

/** A titled section of a page; `note` stands at the right of the title. */
export function Panel({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="panel w-full self-start">
      <div className="panel-head">
        <h2 className="text-sm">{title}</h2>
        <div className="ml-auto text-second">{note}</div>
      </div>
      {children}
    </section>
  );
}
