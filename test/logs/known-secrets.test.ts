import { expect, test } from 'vitest';
import { secretsIn } from '#src/logs/known-secrets.ts';

test('secrets of an environment are found by their names and in addresses', () => {
  const env = {
    GITHUB_TOKEN: 'ghx-1234567890',
    ANTHROPIC_API_KEY: 'key-of-model',
    dbPassword: 'correct horse 1',
    STRIPE_SECRET: 'whsec1234567',
    DATABASE_URL: 'postgres://me:p%40ss-word@db/app',
  };
  expect(secretsIn(env).sort()).toEqual(
    ['ghx-1234567890', 'key-of-model', 'correct horse 1', 'whsec1234567', 'p%40ss-word', 'p@ss-word'].sort(),
  );
});

test('what is no secret, or stands everywhere, is not taken for one', () => {
  const env = {
    PATH: '/usr/local/bin:/usr/bin',
    SSH_AUTH_SOCK: '/tmp/ssh-1234/agent.5',
    SSH_KEY_FILE: '/home/me/.ssh/id_ed25519',
    KEYBOARD: 'pc105-german',
    AWS_ACCESS_KEY_ID: 'not-so-secret-1',
    POSTGRES_PASSWORD: 'postgres',
    CACHE_KEY: '20261121',
    AUTH_URL: 'https://example.org/login',
    SECRET: 'short',
  };
  expect(secretsIn(env)).toEqual([]);
});
