/** A unified patch as lines with both line numbers. Pure. */
export type DiffLine = {
  kind: 'hunk' | 'added' | 'removed' | 'same' | 'note';
  oldLine: number | null;
  newLine: number | null;
  text: string;
};

export function parsePatch(patch: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let oldLine = 0;
  let newLine = 0;
  let inHunk = false;
  for (const raw of patch.replace(/\n$/, '').split('\n')) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(raw);
    if (hunk) {
      inHunk = true;
      oldLine = Number(hunk[1]);
      newLine = Number(hunk[2]);
      lines.push({ kind: 'hunk', oldLine: null, newLine: null, text: raw });
    } else if (!inHunk) {
    } else if (raw.startsWith('+')) {
      lines.push({ kind: 'added', oldLine: null, newLine: newLine++, text: raw.slice(1) });
    } else if (raw.startsWith('-')) {
      lines.push({ kind: 'removed', oldLine: oldLine++, newLine: null, text: raw.slice(1) });
    } else if (raw.startsWith('\\')) {
      lines.push({ kind: 'note', oldLine: null, newLine: null, text: raw.slice(2) });
    } else {
      lines.push({ kind: 'same', oldLine: oldLine++, newLine: newLine++, text: raw.slice(1) });
    }
  }
  return lines;
}

export type Token = { text: string; kind: 'plain' | 'string' | 'comment' | 'keyword' };

const token =
  /(?<comment>\/\/.*|\/\*.*?\*\/|(?<=^\s*)#.*|(?<=^\s*)\*.*)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?<keyword>\b(?:import|export|from|const|let|var|function|return|if|else|for|while|async|await|class|extends|new|type|interface|throw|try|catch|def|fn|func|pub|use|package|struct|enum|match|switch|case|default|select|insert|update|delete|create|table|where)\b)/g;

/** Strings, comments and the most common keywords of common languages: a hint for the eye, not a parser. */
export function tokensOf(text: string): Token[] {
  if (text.length > 2000) return [{ text, kind: 'plain' }];
  const tokens: Token[] = [];
  let end = 0;
  for (const found of text.matchAll(token)) {
    if (found.index > end) tokens.push({ text: text.slice(end, found.index), kind: 'plain' });
    const kind = found.groups?.comment ? 'comment' : found.groups?.string ? 'string' : 'keyword';
    tokens.push({ text: found[0], kind });
    end = found.index + found[0].length;
  }
  if (end < text.length) tokens.push({ text: text.slice(end), kind: 'plain' });
  return tokens;
}
