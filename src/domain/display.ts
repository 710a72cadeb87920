/** Names and words of strangers, as people are shown them: what cannot be seen, or turns text around, is spelt out. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unseen = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A path or another name, on one line: a line break is `\n`, the mark that turns text to the left `\u202e`. */
export const showName = (name: string): string =>
  name.replace(unseen, (char) => {
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });

/** The marks that make text read in another order than it is; a program reads `if (a) // b` where a person sees `// b if (a)`. */
export const withoutTurns = (text: string): string =>
  text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
