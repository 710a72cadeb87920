/** Which values of an environment, or of a file like `.env`, are secrets: by their names, and passwords within addresses. */
import { minLength } from '#src/logs/secret-forms.ts';

const telling =
  /(^|_)(TOKENS?|SECRETS?|PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|PAT|KEY|APIKEY|AUTH|CREDENTIALS?|DSN|COOKIE|SIGNATURE|SALT|BEARER|JWT|PRIVATE|WEBHOOK)(_|\d|$)/;
/** Names that look like one and are none. */
const harmless =
  /^(PWD|OLDPWD|SSH_AUTH_SOCK|GPG_KEY|COLORTERM)$|^XDG_|_(SOCK|FILE|PATH|DIR|ID|NAME|USER|URL|HOST|PORT)$/;

export function secretsIn(variables: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(variables).flatMap(([name, value = '']) => {
    const words = name
      .replace(/([a-z])([A-Z])/g, '$1_$2')
      .replace(/[-.]/g, '_')
      .toUpperCase();
    const own = telling.test(words) && !harmless.test(words) && isTelling(value) ? [value] : [];
    return [...own, ...passwordsIn(value)];
  });
}

/** Of an address: as it stands there, and decoded. */
export function passwordsIn(text: string): string[] {
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^\s:@/?#]*:([^\s@]+)@/i.exec(text.trim())?.[1];
  if (found === undefined) return [];
  return [...new Set([found, decode(found)])];
}

/** Ordinary words, numbers, places and addresses stand everywhere: without them nothing could be read. */
const isTelling = (value: string): boolean =>
  value.length >= minLength &&
  !/^[a-z]{1,15}$/i.test(value) &&
  !/^[\d.:-]{1,12}$/.test(value) &&
  !/^(\.{0,2}|~)\//.test(value) &&
  !/^[a-z][a-z0-9+.-]*:\/\//i.test(value);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign
  }
}
