import { FileText } from 'lucide-react';
import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';

type Props = {
  label: string;
  text: string;
  onText: (text: string) => void;
  placeholder: string;
  /** Of the files that the browser offers. */
  accept: string;
  maxLength?: number | undefined;
  /** Why a file's text cannot be taken. */
  refusalOf?: (text: string) => string | undefined;
  hint?: ReactNode;
};

/** A long text: written, pasted, out of a file that is chosen or dropped. */
export function TextField({ label, text, onText, placeholder, accept, maxLength, refusalOf, hint }: Props) {
  const [refusal, setRefusal] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File | undefined) => {
    if (!file) return;
    const given = await file.text();
    const isText = !given.includes('\0') && !given.includes('\uFFFD');
    const why = isText ? refusalOf?.(given) : 'It is not a text file.';
    setRefusal(why && `${file.name}: ${why}`);
    if (!why) onText(given);
  };
  const drop = (event: DragEvent) => {
    if (event.dataTransfer.files.length === 0) return; // a text, which goes where it is dropped
    event.preventDefault();
    void read(event.dataTransfer.files[0]);
  };
  const choose = (
    <span className="flex flex-wrap items-center gap-2">
      <Button size="small" onClick={() => input.current?.click()}>
        <FileText aria-hidden="true" />
        Choose a file
      </Button>
      or drop one here: it is read in this browser.
      {hint}
      <input
        ref={input}
        type="file"
        accept={accept}
        aria-label={`File with the ${label.toLowerCase()}`}
        hidden
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
    </span>
  );
  return (
    <>
      <Field label={label} hint={choose}>
        {(props) => (
          <textarea
            {...props}
            className="field min-h-52"
            maxLength={maxLength}
            placeholder={placeholder}
            value={text}
            onChange={(event) => onText(event.target.value)}
            onDrop={drop}
          />
        )}
      </Field>
      {refusal && <Notice tone="err">{refusal}</Notice>}
    </>
  );
}
