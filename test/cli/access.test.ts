import { expect, test } from 'vitest';
import type { Trust } from '#src/domain/trust.ts';
import { cli } from '../helpers/cli.ts';
import { aProject, type Handlers } from '../helpers/contract-api.ts';

const hash = 'ab'.repeat(32);
const trust = (change: Partial<Trust> = {}): Trust => ({
  projectId: 'proj-000000000001',
  state: 'untrusted',
  commit: 'c0ffee',
  hash,
  files: [
    { path: 'CLAUDE\u202e.md', kind: 'instructions', mode: '100644', bytes: 9, id: 'x', text: 'Be\u001b[31m kind.\n' },
  ],
  problems: [],
  changed: [],
  trustedAt: null,
  ...change,
});
const asked: unknown[] = [];
const handlers: Handlers = {
  listProjects: () => ({ items: [aProject()] }),
  getTrust: () => trust(),
  trustProject: (input) => {
    asked.push(input.body);
    return trust({ state: 'trusted', trustedAt: '2026-01-01T00:00:00.000Z' });
  },
  distrustProject: () => trust(),
};

test('what a repository brings for agents is shown before it is trusted, with nothing in it that steers a terminal', async () => {
  const { code, out } = await cli(['project', 'trust', 'shop', '--show'], handlers);
  expect(code).toBe(0);
  expect(out).toContain('Agents load none of this from shop.');
  expect(out).toContain('CLAUDE\\u202e.md  instructions, 9 bytes\n    | Be kind.');
  expect(asked).toEqual([]);
});

test('--yes trusts exactly what was shown, and --forget takes it back', async () => {
  const { out } = await cli(['project', 'trust', 'shop', '--yes'], handlers);
  expect(out).toMatch(/^Agents load this from shop, in their rooms\. Trusted on 2026/);
  expect(asked).toEqual([{ hash }]);
  expect((await cli(['project', 'trust', 'shop', '--forget'], handlers)).out).toMatch(/^Agents load none of this/);
});

test('what changed since is named', async () => {
  const changed = [
    { path: 'CLAUDE\u202e.md', change: 'changed' as const },
    { path: '.mcp.json', change: 'removed' as const },
  ];
  const { out } = await cli(['project', 'trust', 'shop'], { ...handlers, getTrust: () => trust({ changed }) });
  expect(out).toMatch(/^shop has changed since you trusted it/);
  expect(out).toContain('9 bytes, changed');
  expect(out).toContain('  .mcp.json  removed');
});

test('a token is made with a role and printed once, listed without its secret, and revoked', async () => {
  const kept = {
    id: 'tok-000000000001',
    name: 'grafana',
    role: 'viewer' as const,
    projects: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    expiresAt: null,
    isExpired: false,
  };
  const tokens: Handlers = {
    createToken: ({ body }) => ({ ...kept, ...body, projects: body.projects ?? null, token: 'sentra_secret' }),
    listTokens: () => ({ items: [kept] }),
    revokeToken: () => ({ removed: true }),
  };
  expect((await cli(['token', 'add', 'grafana', '--days', '9'], tokens)).out).toBe('sentra_secret\n');
  expect((await cli(['token', 'list'], tokens)).out).toMatch(/tok-000000000001 +grafana +viewer +all .*never/);
  expect((await cli(['token', 'revoke', kept.id], tokens)).out).toBe('tok-000000000001 opens nothing any more.\n');
  expect((await cli(['token', 'add', 'x', '--role', 'king'], tokens)).code).toBe(2);
});
