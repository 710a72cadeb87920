import { Link } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import type { ReactNode } from 'react';

type Props = { to: '/' | '/analyst'; name: string; id: string; children?: ReactNode };

/** Where a page of one thing belongs, and which it is; on a phone an arrow leads back. */
export function Breadcrumb({ to, name, id, children }: Props) {
  return (
    <nav aria-label="Breadcrumb" className="flex min-w-0 items-center gap-2 text-second">
      <Link to={to} search={({ project }) => ({ project })} className="hover:text-fg max-md:hidden">
        {name}
      </Link>
      <Link
        to={to}
        search={({ project }) => ({ project })}
        aria-label={`Back to the ${name.toLowerCase()}`}
        className="-ml-2 grid size-11 place-items-center md:hidden"
      >
        <ChevronLeft aria-hidden="true" />
      </Link>
      <span aria-hidden="true" className="max-md:hidden">
        /
      </span>
      <span className="mono cut text-fg">{id}</span>
      {children}
    </nav>
  );
}
