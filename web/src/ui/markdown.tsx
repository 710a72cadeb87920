import { Fragment, type ReactNode } from 'react';

/** Headings (as bold lines: the page has its own outline), lists, fences, folded parts, inline code and bold of Markdown, as elements: what agents write, without any HTML of theirs. */
export function Markdown({ text }: { text: string }) {
  return <div className="prose">{blocksOf(text).map((block, index) => renderBlock(block, index))}</div>;
}

type Block =
  | { kind: 'heading' | 'code' | 'paragraph'; text: string }
  | { kind: 'details'; title: string; text: string }
  | { kind: 'list'; ordered: boolean; items: string[] };

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replace(/\r/g, '').split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const summary = /^\s*<details>\s*<summary>(.*?)<\/summary>/i.exec(line);
    const closing = summary ? /^\s*<\/details>/i : /^\s*(```|~~~)/.test(line) ? /^\s*(```|~~~)/ : undefined;
    if (!closing) {
      addLine(blocks, line);
      continue;
    }
    const end = lines.findIndex((other, index) => index > at && closing.test(other));
    const inner = lines.slice(at + 1, end < 0 ? undefined : end).join('\n');
    blocks.push(summary ? { kind: 'details', title: summary[1] ?? '', text: inner } : { kind: 'code', text: inner });
    at = end < 0 ? lines.length : end;
  }
  return blocks.filter((block) => block.kind !== 'paragraph' || block.text);
}

function addLine(blocks: Block[], line: string): void {
  const last = blocks.at(-1);
  const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/.exec(line);
  if (/^#{1,6}\s/.test(line)) blocks.push({ kind: 'heading', text: line.replace(/^#+\s+/, '') });
  else if (item) {
    const ordered = item[1] !== undefined;
    if (last?.kind === 'list' && last.ordered === ordered) last.items.push(item[2] ?? '');
    else blocks.push({ kind: 'list', ordered, items: [item[2] ?? ''] });
  } else if (line.trim() === '') blocks.push({ kind: 'paragraph', text: '' });
  else if (last?.kind === 'list') last.items.push(`${last.items.pop()} ${line.trim()}`);
  else if (last?.kind === 'paragraph' && last.text) last.text += ` ${line.trim()}`;
  else blocks.push({ kind: 'paragraph', text: line.trim() });
}

function renderBlock(block: Block, key: number): ReactNode {
  if (block.kind === 'list') return <List key={key} ordered={block.ordered} items={block.items} />;
  if (block.kind === 'details')
    return (
      <details key={key}>
        <summary className="cursor-pointer text-fg">{block.title}</summary>
        <div className="pt-2 pl-4">
          <Markdown text={block.text} />
        </div>
      </details>
    );
  if (block.kind === 'heading')
    return (
      <p key={key} className="prose-heading">
        {inline(block.text)}
      </p>
    );
  if (block.kind === 'code') return <pre key={key}>{block.text}</pre>;
  return <p key={key}>{inline(block.text)}</p>;
}

function List({ ordered, items }: { ordered: boolean; items: string[] }) {
  const Element = ordered ? 'ol' : 'ul';
  return (
    <Element>
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity but their place
        <li key={index}>{inline(item)}</li>
      ))}
    </Element>
  );
}

function inline(text: string): ReactNode {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
    if (part.startsWith('`') && part.length > 2) return <code key={index}>{part.slice(1, -1)}</code>;
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    if (part.startsWith('**') && part.length > 4) return <strong key={index}>{part.slice(2, -2)}</strong>;
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    return <Fragment key={index}>{part}</Fragment>;
  });
}
