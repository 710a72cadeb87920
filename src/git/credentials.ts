/** Which programs git may ask for a password. They run with the person's rights, so a repository does not choose them. */

export type ConfigEntry = [key: string, value: string];

/** `origin`: the only server that gets the secret, as in https://github.com. */
export type GitCredential = { origin: string; secret: string };

/** Arguments that list all helpers, each with whose configuration names it. */
export const listHelpers = [
  ...['config', '--includes', '--show-scope', '-z'],
  ...['--get-regexp', '^credential\\.(.*\\.)?helper$'],
];

/**
 * Takes out what a repository names under `keys`, but for plain words, which are programs that the person has installed. That takes
 * out the person's own as well, so they are named again after it. `listed`: the answer to `listHelpers`.
 */
export function helpersToUse(keys: readonly string[], listed: string): ConfigEntry[] {
  const parts = listed.split('\0');
  const known: ConfigEntry[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [scope, entry = ''] = [parts[i], parts[i + 1]];
    const at = entry.indexOf('\n');
    const helper: ConfigEntry = at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
    if (scope === 'global' || scope === 'system' || /^[a-z][\w-]*$/.test(helper[1])) known.push(helper);
  }
  return [...keys.map((key): ConfigEntry => [key, '']), ...known];
}

/**
 * A helper for one server. The empty one before it takes the person's helpers out for that server: each of them would be told
 * to keep a secret that worked. The secret itself is in the environment of git alone, in no argument, address or file.
 */
export const credentialEntries = (credential: GitCredential | undefined): ConfigEntry[] =>
  credential
    ? [
        '',
        '!f() { test "$1" = get && printf "username=x-access-token\\npassword=%s\\n" "$SENTRA_GIT_SECRET"; }; f',
      ].map((helper) => [`credential.${credential.origin}.helper`, helper])
    : [];
