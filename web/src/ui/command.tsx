import { CopyButton } from './copy-button.tsx';

/** A line for a terminal, with a button that copies it. */
export function Command({ text }: { text: string }) {
  return (
    <span className="inline-flex items-center gap-1 rounded-md border border-line bg-bg pl-3">
      <code className="mono">{text}</code>
      <CopyButton text={text} label="Copy command" />
    </span>
  );
}
