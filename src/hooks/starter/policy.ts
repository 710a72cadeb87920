/**
 * What no agent may do in this repository, whoever started it: one pure function that answers why not. Sentra asks it before
 * every tool of its agents; `security.ts` asks it where a person runs Claude Code by hand. It reads commands as text, so it
 * stops accidents and says why; what must hold against an attacker is the wall around the agent, not this.
 */

export type ToolUse = { tool: string; input: unknown };

export type Ground = {
  /** The working tree, without a slash at the end. */
  root: string;
  /** Further folders that may be written: temporary ones, a home of the agent's own. */
  writable: readonly string[];
};

/** Why the tool may not be used so, for the agent, with what to do instead; undefined when it may. */
export function refusalOf({ tool, input }: ToolUse, ground: Ground): string | undefined {
  const fields = (input ?? {}) as Record<string, unknown>;
  const path = textIn(fields, 'file_path') ?? textIn(fields, 'notebook_path') ?? textIn(fields, 'path');
  if (tool === 'Bash') return ofCommand(textIn(fields, 'command') ?? '');
  if (path !== undefined && isSecretFile(path)) return `${path} keeps a secret, which no agent reads or writes.`;
  if (!/^(Write|Edit|MultiEdit|NotebookEdit)$/.test(tool)) return undefined;
  return (path === undefined ? undefined : ofPlace(path, ground)) ?? ofContent(JSON.stringify(input));
}

const textIn = (fields: Record<string, unknown>, name: string): string | undefined =>
  typeof fields[name] === 'string' ? fields[name] : undefined;

const reasons = {
  wide: 'It would change far more than this task owns. Name the files or folders of this repository that are meant.',
  machine: 'It is about the machine, not about this repository.',
  device: 'It would write over a device.',
  force: 'A forced push can lose the work of others. Push without force, or leave it to a person.',
  config: "Git's configuration belongs to the person who owns this machine.",
  unseen: 'What comes from the network is not run unseen. Download it, read it, then decide.',
  endless: 'It would start processes without end.',
  credentials: 'It touches credentials of a person, which no agent needs.',
};

/** Commands are long at times: everything here takes time in proportion to their length. */
function ofCommand(command: string): string | undefined {
  for (const part of command.split(/[\n;&|()`]+/)) {
    const reason = ofProgram(wordsOf(part));
    if (reason) return reason;
  }
  if (command.split(/[\n;&]+/).some(isRunUnseen)) return reasons.unseen;
  return texts.find(([shape]) => shape.test(command))?.[1];
}

/** Words that only introduce the program of a command. */
const introductions = new Set([
  'sudo',
  'env',
  'exec',
  'command',
  'nohup',
  'time',
  'xargs',
  'then',
  'do',
  'else',
  '!',
  '{',
]);

/** Program and arguments, without quotes; what is quoted counts like what is not. */
function wordsOf(part: string): string[] {
  const words = part.replace(/["']/g, '').split(/\s+/).filter(Boolean);
  const at = words.findIndex((word) => !introductions.has(word) && !/^\w+=/.test(word));
  return at === -1 ? [] : words.slice(at);
}

function ofProgram([program = '', ...args]: string[]): string | undefined {
  const name = program.split('/').at(-1) ?? '';
  const isRecursive = args.some((arg) => /^-[a-zA-Z]*[rR]|^--recursive$/.test(arg));
  if (/^(?:rm|chmod|chown)$/.test(name) && isRecursive && args.some(isWide)) return reasons.wide;
  if (/^(?:mkfs|fdisk$|parted$|shutdown$|reboot$|halt$|poweroff$)/.test(name)) return reasons.machine;
  if (name === 'dd' && args.some((arg) => arg.startsWith('of=/dev/'))) return reasons.device;
  if (name !== 'git') return undefined;
  if (args.includes('push') && args.some((arg) => /^(?:--force|-f|\+.+)$/.test(arg))) return reasons.force;
  const steers = /^(?:--global|--system|core\.(?:hooksPath|fsmonitor|sshCommand)(?:=.*)?)$/i;
  return args.includes('config') && args.some((arg) => steers.test(arg)) ? reasons.config : undefined;
}

/** Of a whole machine, of a person, or of what lies beside the repository. */
const isWide = (arg: string): boolean =>
  /^(?:\/\*?|(?:~|\$HOME|\$\{HOME\})(?:\/\*?)?|\.\.(?:\/.*)?|\/(?:bin|boot|dev|etc|home|lib|opt|root|sbin|usr|var|Users)(?:\/\*?)?|(?:\.\/)?\.git\/?)$/.test(
    arg,
  );

function isRunUnseen(statement: string): boolean {
  const fetched = statement.search(/\b(?:curl|wget)\b/);
  return fetched !== -1 && /\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b/.test(statement.slice(fetched));
}

const texts: readonly [RegExp, string][] = [
  [/>\s*\/dev\/(?:sd|nvme|disk|vd|mmcblk)/, reasons.device],
  [/:\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:/, reasons.endless],
  [
    /(?:~|\$\{?HOME\}?|\/root|\/home\/[^\s/]+|\/Users\/[^\s/]+)\/(?:\.ssh|\.gnupg|\.aws|\.azure|\.kube|\.docker\/config\.json|\.netrc|\.git-credentials|\.config\/(?:gh|gcloud))/,
    reasons.credentials,
  ],
];

const isSecretFile = (path: string): boolean =>
  /(?:^|\/)(?:\.ssh|\.gnupg|\.aws|\.azure|\.kube)\/|(?:^|\/)(?:\.netrc|\.git-credentials|id_(?:rsa|dsa|ecdsa|ed25519)|\.pgpass)$|\/\.docker\/config\.json$|\/\.config\/(?:gh|gcloud)\//.test(
    path,
  );

function ofPlace(path: string, { root, writable }: Ground): string | undefined {
  const whole = normal(path.startsWith('/') ? path : `${root}/${path}`);
  if (![root, ...writable].some((folder) => isWithin(whole, normal(folder))))
    return `${whole} is outside of ${root}: write only in the working tree.`;
  if (isWithin(whole, normal(`${root}/.git`)))
    return 'What is in .git is git’s own: change it through git, or not at all.';
  return undefined;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Without `.`, `..` and doubled slashes. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return `/${parts.join('/')}`;
}

const secrets: readonly [RegExp, string][] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, 'a private key'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'a key of AWS'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a token of GitHub'],
  [/\bsk-ant-[A-Za-z0-9_-]{30,}/, 'a key of Anthropic'],
  [/\bxox[abprs]-[A-Za-z0-9-]{20,}/, 'a token of Slack'],
];

function ofContent(text: string): string | undefined {
  const found = secrets.find(([shape]) => shape.test(text))?.[1];
  return found && `It would write ${found} into a file. Read it from the environment, and leave a name in its place.`;
}
