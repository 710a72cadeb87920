/**
 * What can be known of a regular expression without running it: texts that every match contains, so that an index can pass over
 * what cannot match; and where a faulty one is at fault. The dialect is PostgreSQL's ("advanced", manual 9.7.3).
 */
export type PatternFault = { /** From 1. */ position: number; message: string };
export type PatternReading = { literals: string[]; fault?: PatternFault };

type Branches = { literals: string[]; run: string; isRequired: boolean; position: number };

/** Reads once from left to right. No literals where nothing can be promised. */
export function readPattern(pattern: string): PatternReading {
  if (/^(\*\*\*|\(\?[a-z]+\))/.test(pattern)) return { literals: [] }; // options may turn the whole meaning
  const open: Branches[] = [begin(0, true)];
  const fault = (at: number, message: string): PatternReading => ({
    literals: [],
    fault: { position: at + 1, message },
  });
  for (let at = 0; at < pattern.length; ) {
    const branches = open.at(-1) as Branches;
    const token = readToken(pattern, at);
    const after = at + token.text.length;
    const quantifier = readQuantifier(pattern, after);
    if (token.fault) return fault(at, token.fault);
    if (token.kind === 'open') {
      endRun(branches);
      open.push(begin(at, !/^\(\?<?[=!]/.test(token.text)));
    } else if (token.kind === 'close') {
      if (open.length === 1) return fault(at, 'this parenthesis closes none');
      endRun(branches);
      open.pop();
      if (branches.isRequired && quantifier.min > 0) open.at(-1)?.literals.push(...branches.literals);
    } else if (token.kind === 'or') {
      endRun(branches);
      branches.isRequired = false;
    } else if (token.kind === 'quantifier') return fault(at, 'there is nothing to repeat before it');
    else {
      if (token.kind === 'letter' && quantifier.min > 0) branches.run += token.letter;
      if (token.kind !== 'letter' || quantifier.length > 0) endRun(branches);
    }
    at = after + (token.kind === 'open' || token.kind === 'or' ? 0 : quantifier.length);
  }
  const [whole, ...unclosed] = open as [Branches, ...Branches[]];
  if (unclosed[0]) return fault(unclosed[0].position, 'this parenthesis is not closed');
  endRun(whole);
  return { literals: whole.isRequired ? whole.literals : [] };
}

const begin = (position: number, isRequired: boolean): Branches => ({ literals: [], run: '', isRequired, position });

function endRun(branches: Branches): void {
  if (branches.run) branches.literals.push(branches.run);
  branches.run = '';
}

type Token = {
  kind: 'letter' | 'other' | 'open' | 'close' | 'or' | 'quantifier';
  text: string;
  letter?: string;
  fault?: string;
};

function readToken(pattern: string, at: number): Token {
  const rest = pattern.slice(at);
  const first = rest[0] as string;
  if (first === '\\') return readEscape(rest);
  if (first === '[') return readBracket(rest);
  if (first === '(') return { kind: 'open', text: /^\(\?(?:<?[=!]|:)|^\(/.exec(rest)?.[0] ?? first };
  if (first === ')') return { kind: 'close', text: first };
  if (first === '|') return { kind: 'or', text: first };
  if (/^(?:[*+?]|\{\d)/.test(rest)) return { kind: 'quantifier', text: first };
  return '.^$'.includes(first) ? { kind: 'other', text: first } : { kind: 'letter', text: first, letter: first };
}

function readEscape(rest: string): Token {
  const text = /^\\(?:x[\da-fA-F]+|u[\da-fA-F]{4}|U[\da-fA-F]{8}|c.|\d+|.)/su.exec(rest)?.[0];
  if (text === undefined) return { kind: 'other', text: rest[0] as string, fault: 'a backslash stands alone' };
  return /^\\[a-zA-Z0-9]/.test(text) ? { kind: 'other', text } : { kind: 'letter', text, letter: text.slice(1) };
}

/** One of a set of characters, to the bracket that closes it. */
function readBracket(rest: string): Token {
  const text = /^\[\^?\]?(?:\[:[^:]*:\]|\[\.[^.]*\.\]|\[=[^=]*=\]|\\[\s\S]|[^\]\\])*\]/.exec(rest)?.[0];
  return text
    ? { kind: 'other', text }
    : { kind: 'other', text: rest[0] as string, fault: 'this bracket is not closed' };
}

function readQuantifier(pattern: string, at: number): { min: number; length: number } {
  const [text, bound] = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(pattern.slice(at)) ?? ['', undefined];
  if (text === '') return { min: 1, length: 0 };
  return { min: text[0] === '+' ? 1 : Number(bound ?? 0), length: text.length };
}
