import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Button } from './button.tsx';

export function CopyButton({ text, label }: { text: string; label: string }) {
  return (
    <CopyAction label={label} read={() => text}>
      <Copy aria-hidden="true" />
    </CopyAction>
  );
}

type Props = { label: string; read: () => string | Promise<string>; children: ReactNode };

/** Copies what is only read when it is wanted, and says whether it did. */
export function CopyAction({ label, read, children }: Props) {
  const [state, setState] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(undefined), 1500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await read());
      setState('copied');
    } catch {
      setState('failed'); // the browser refuses without a secure address, or what is copied could not be read
    }
  };
  const said = { copied: 'Copied', failed: 'Could not be copied' };
  return (
    <Button
      look="ghost"
      size="small"
      icon
      aria-label={state ? said[state] : label}
      title={state ? said[state] : label}
      className={state === 'failed' ? 'text-err-text' : ''}
      onClick={copy}
    >
      {state === 'copied' ? <Check aria-hidden="true" className="text-ok" /> : children}
    </Button>
  );
}
