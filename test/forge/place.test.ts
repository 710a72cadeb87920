import { expect, test } from 'vitest';
import { ForgeSettings } from '#src/domain/forge.ts';
import { findPlace } from '#src/forge/place.ts';
import { createTokens } from '#src/forge/token.ts';

const place = (settings: unknown, url: string | null) => findPlace(ForgeSettings.parse(settings), url);

test.each([
  ['https://github.com/octo/shop.git'],
  ['https://github.com/octo/shop'],
  ['git@github.com:octo/shop.git'],
  ['ssh://git@github.com/octo/shop.git'],
  ['ssh://git@ssh.github.com:443/octo/shop.git'],
])('%s is a repository of GitHub', (url) => {
  expect(place('auto', url)).toMatchObject({
    kind: 'github',
    apiUrl: 'https://api.github.com',
    owner: 'octo',
    repository: 'shop',
  });
});

test.each([
  ['https://gitlab.com/octo/shop.git'],
  ['/srv/git/shop.git'],
  ['https://github.com.evil.test/octo/shop'],
  [null],
])('%s keeps pull requests in Sentra', (url) => expect(place('auto', url)).toEqual({ kind: 'local' }));

test('a server of GitHub Enterprise follows from the remote, or is named', () => {
  expect(place('github', 'git@git.corp.test:octo/shop.git')).toMatchObject({
    host: 'git.corp.test',
    apiUrl: 'https://git.corp.test/api/v3',
  });
  const named = { kind: 'github', apiUrl: 'https://git.corp.test/api/v3/', repository: 'octo/other' };
  expect(place(named, '/srv/mirror.git')).toMatchObject({
    host: 'git.corp.test',
    repository: 'other',
    apiUrl: 'https://git.corp.test/api/v3',
  });
  expect(() => place('github', '/srv/mirror.git')).toThrow('name it');
  expect(() => place({ ...named, apiUrl: 'http://git.corp.test/api/v3' }, null)).toThrow('use https');
});

test('a token goes to the server that its owner named, and to no other that a repository may name', async () => {
  const env = {
    PATH: '/nonexistent',
    GITHUB_TOKEN: 'of-github',
    GH_ENTERPRISE_TOKEN: 'of-corp',
    GH_HOST: 'git.corp.test',
  };
  const tokens = createTokens(env);
  expect(await tokens.find('github.com')).toBe('of-github');
  expect(await tokens.find('git.corp.test')).toBe('of-corp');
  expect(await tokens.find('evil.test')).toBeNull();
});
