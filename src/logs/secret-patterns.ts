/** What looks like a secret, whoever's it is. In each pattern the group `secret` is what goes. */
import type { Range } from '#src/logs/needles.ts';

const patterns: readonly RegExp[] = [
  /\b(?<secret>(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16})\b/dg, // AWS
  /aws_?secret_?access_?key["']?\s{0,4}[=:]\s{0,4}["']?(?<secret>[A-Za-z0-9/+=]{40})/dgi,
  /\b(?<secret>gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})/dg,
  /\b(?<secret>gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9_.-]{20,300})/dg, // GitLab
  /\b(?<secret>xox[abeoprs]-[A-Za-z0-9-]{10,300}|xapp-[A-Za-z0-9-]{10,300})/dg, // Slack
  /hooks\.slack\.com\/(?<secret>(?:services|workflows)\/[A-Za-z0-9/_-]{20,200})/dg,
  /\b(?<secret>sk-[A-Za-z0-9_-]{20,300})/dg, // OpenAI, Anthropic
  /\b(?<secret>[sr]k_(?:live|test)_[A-Za-z0-9]{16,200})/dg, // Stripe
  /\b(?<secret>AIza[A-Za-z0-9_-]{35})/dg, // Google
  /\b(?<secret>npm_[A-Za-z0-9]{36})\b/dg,
  /\b(?<secret>sentra_hook_[0-9a-f]{64})/dg, // of a session's own socket
  /\b(?<secret>eyJ[A-Za-z0-9_-]{8,8000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{0,2000})/dg, // JWT
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?<secret>(?:[^-]|-(?!----)){16,16000})(?:-----END|$)/dg,
  /authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)\s{1,4}(?<secret>[^\s"',;]{6,8000})/dgi,
  /\bbearer\s{1,4}(?<secret>[A-Za-z0-9._~+/=-]{16,8000})/dgi,
  /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:@/?#"']{0,200}:(?<secret>[^\s@/"']{1,500})@/dgi,
];

/** Any of them has one of these in it, as written or in any case. */
const hint =
  /AKIA|ASIA|AGPA|AIDA|AROA|ANPA|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]-|xapp-|slack\.com|sk-|k_live_|k_test_|AIza|npm_|sentra_hook_|eyJ|PRIVATE KEY|:\/\//;
const looseHint = /access_?key|authorization|bearer/i;

const beginsKey = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----)){0,16000}-{0,5}$/;

export function findPatterns(text: string): Range[] {
  if (!hint.test(text) && !looseHint.test(text)) return [];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(({ indices }) => {
      const range = indices?.groups?.secret;
      return range ? [range] : [];
    }),
  );
}

/** Where a private key begins that does not end here; the length of the text when there is none. */
export function openKeyAt(text: string): number {
  const at = text.includes('PRIVATE KEY-----') ? text.search(beginsKey) : -1;
  return at === -1 ? text.length : at;
}
