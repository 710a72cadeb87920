import { type ReactNode, useId } from 'react';

type Props = {
  label: string;
  hint?: ReactNode;
  error?: string;
  /** The input; gets the id that the label points to. */
  children: (props: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ReactNode;
};

export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-xs font-medium text-second">
        {label}
      </label>
      {children({
        id,
        ...(note ? { 'aria-describedby': `${id}-note` } : {}),
        ...(error ? { 'aria-invalid': true } : {}),
      })}
      {note && (
        <div id={`${id}-note`} className={`text-xs ${error ? 'text-err-text' : 'text-second'}`}>
          {note}
        </div>
      )}
    </div>
  );
}
