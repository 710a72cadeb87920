import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { Button } from './button.tsx';

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  /** From the right, full height. */
  drawer?: boolean;
  /** What has the focus first. `autoFocus` would take it too early for it to be given back on close. */
  first?: RefObject<HTMLElement | null>;
  children: ReactNode;
};

export function Dialog({ open, onOpenChange, title, description, drawer, first, children }: Props) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="overlay" />
        <Base.Popup className={drawer ? 'drawer' : 'popup'} initialFocus={first}>
          <div className="flex min-h-12 flex-none items-center gap-2 border-b border-line px-4">
            <Base.Title className="text-base font-semibold">{title}</Base.Title>
            <span className="flex-1" />
            <Base.Close render={<Button look="ghost" size="small" icon aria-label="Close" className="-mr-2" />}>
              <X aria-hidden="true" />
            </Base.Close>
          </div>
          {description && <Base.Description className="px-4 pt-4 text-body">{description}</Base.Description>}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
