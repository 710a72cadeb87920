import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showName, withoutTurns } from '#src/domain/display.ts';
import {
  changesBetween,
  normalize,
  referencesIn,
  type SteeringFile,
  steeringKind,
  steersWhat,
} from '#src/domain/trust.ts';

test.each([
  ['.claude/settings.json', 'settings'],
  ['packages/x/.claude/hooks/a.ts', 'settings'],
  ['.CLAUDE/settings.json', 'settings'],
  ['.mcp.json', 'mcp'],
  ['CLAUDE.md', 'instructions'],
  ['src/Agents.MD', 'instructions'],
  ['CLAUDE.local.md', 'instructions'],
  ['docs/claude.txt', undefined],
  ['claude/settings.json', undefined],
])('agents take %s for %s', (path, kind) => {
  expect(steeringKind(path)).toBe(kind);
});

test.each([
  ['sentra.json', 'commands and agents of Sentra'],
  ['packages/x/.npmrc', 'what a package manager runs'],
  ['.yarnrc.yml', 'what a package manager runs'],
  ['.yarn/releases/yarn-4.cjs', 'what a package manager runs'],
  ['.pnpmfile.cjs', 'what a package manager runs'],
  ['.cargo/config.toml', 'what a package manager runs'],
  ['gradle/wrapper/gradle-wrapper.properties', 'what a package manager runs'],
  ['.mvn/extensions.xml', 'what a package manager runs'],
  ['.gitattributes', 'how git treats files'],
  ['packages/x/sentra.json', undefined],
  ['package.json', undefined],
  ['src/npmrc.ts', undefined],
])('a change of %s changes %s', (path, what) => {
  expect(steersWhat(path)).toBe(what);
});

test('a setting names files from the root, from its folder and behind a variable; a text only by imports', () => {
  const tree = new Set(['scripts/a.mjs', '.claude/hooks/b.ts', 'docs/c.md', 'd.md']);
  const names = (path: string, text: string) =>
    referencesIn({ path, kind: 'settings', text }, (one) => tree.has(one)).sort();
  const settings = `node $CLAUDE_PROJECT_DIR/scripts/a.mjs && \${CLAUDE_PROJECT_DIR}/docs/c.md; ./hooks/b.ts ../../x .`;
  expect(names('.claude/settings.json', settings)).toEqual(['.claude/hooks/b.ts', 'docs/c.md', 'scripts/a.mjs']);
  expect(names('CLAUDE.md', 'See docs/c.md, and @d.md. Mail x@docs.example')).toEqual(['d.md']);
});

test('no path leads out of the tree', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b')), (parts) => {
      const path = normalize(parts.join('/'));
      expect(path === undefined || !path.split('/').includes('..')).toBe(true);
    }),
  );
});

test('what changed is told by path', () => {
  const file = (path: string, id: string): SteeringFile => ({ path, id, kind: 'settings', mode: '100644', bytes: 1 });
  const changes = changesBetween(
    [file('a', '1'), file('b', '1'), file('c', '1')],
    [file('a', '1'), file('b', '2'), file('d', '1')],
  );
  expect(changes).toEqual([
    { path: 'b', change: 'changed' },
    { path: 'd', change: 'added' },
    { path: 'c', change: 'removed' },
  ]);
});

test('a name that hides something is spelt out, on one line', () => {
  expect(showName('a\nb\u202etxt.exe\u001b[0m\t')).toBe('a\\nb\\u202etxt.exe\\u001b[0m\\t');
  expect(showName('größe 世界.txt')).toBe('größe 世界.txt');
  expect(withoutTurns('if (a) \u2066// b\u2069\n')).toBe('if (a) // b\n');
});
