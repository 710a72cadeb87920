/** Takes known secrets out of what people will read: as they are, in base64, and as URLs carry them. */
export type Redactor = (text: string) => string;

const placeholder = '[redacted]';
/** Shorter values would black out ordinary words. */
const minLength = 8;

export function createRedactor(values: readonly string[]): Redactor & {
  /** One that is known only now, as the password in a project's own settings is. */
  learn(value: string): void;
} {
  const forms = new Set<string>();
  let pattern: RegExp | undefined;
  const learn = (value: string) => {
    if (value.length < minLength || forms.has(value)) return;
    for (const form of formsOf(value)) forms.add(form);
    const longestFirst = [...forms].sort((a, b) => b.length - a.length);
    pattern = new RegExp(longestFirst.map(escapePattern).join('|'), 'g');
  };
  values.forEach(learn);
  return Object.assign((text: string) => (pattern ? text.replace(pattern, placeholder) : text), { learn });
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  const form = new URLSearchParams({ v: value }).toString().slice(2); // a blank is + there
  const encoded = value.isWellFormed() ? encodeURIComponent(value) : value;
  return [value, base64, bytes.toString('base64url'), encoded, form];
}

const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
