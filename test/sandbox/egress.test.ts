import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { readTarget, type Target } from '#src/domain/host-rule.ts';
import { isOwnAddress } from '#src/sandbox/addresses.ts';
import { createGate, type Egress } from '#src/sandbox/egress.ts';

/** What a resolver says of these names; of another name that it is one of the internet. */
const names: Record<string, string[]> = {
  'rebound.example': ['127.0.0.1'],
  'half.example': ['93.184.216.34', '10.0.0.7'],
  'registry.corp.example': ['10.0.0.7'],
  'mapped.example': ['::ffff:10.0.0.7'],
  'nat64.example': ['64:ff9b::a00:7'],
  'meta.example': ['169.254.169.254'],
};
const resolve = async (name: string) =>
  (names[name] ?? ['93.184.216.34']).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** What is said when it is asked for; `open` when it is let through. */
async function ask(where: string, egress: Partial<Egress>, told: string[] = []): Promise<string> {
  const all = {
    allowed: [],
    trusted: [],
    setting: 'network.allow',
    onRefused: (m: string) => void told.push(m),
    ...egress,
  };
  const gate = createGate(all, resolve);
  const target = readTarget(where, 443) as Target;
  return gate(target).then(
    () => 'open',
    (e: Error) => e.message,
  );
}

const allowed = [
  'api.example.com',
  '*.corp.example',
  'odd.example:8443',
  '93.184.216.34',
  'rebound.example',
  'half.example',
];

describe('a list of hosts', () => {
  test.each(['api.example.com', 'API.example.com.', 'a.b.corp.example:80', 'odd.example:8443', '93.184.216.34'])(
    'lets %s through',
    async (where) => {
      expect(await ask(where, { allowed })).toBe('open');
    },
  );

  test.each([
    ...['other.example', 'xapi.example.com', 'api.example.com.evil.example', 'corp.example', 'notcorp.example'],
    ...['api.example.com:22', 'odd.example', '93.184.216.35', '0x5db8d823'],
  ])('does not let %s through, and names the way out', async (where) => {
    expect(await ask(where, { allowed })).toMatch(
      /^\S+ is not among the hosts .* add "\S+" to network.allow in sentra.json\.$/,
    );
    expect(await ask(where, { allowed: 'open' })).toBe('open');
  });

  test.each(['rebound.example', 'half.example', 'registry.corp.example', 'mapped.corp.example'])(
    'that names %s does not open an address of this host or of its network',
    async (where) => {
      names['mapped.corp.example'] = ['::ffff:10.0.0.7'];
      expect(await ask(where, { allowed })).toMatch(/is an address of this host|leads to a private network/);
    },
  );

  test.each([
    'nat64.example',
    'meta.example',
    'mapped.example',
    '192.168.0.1',
    '169.254.169.254',
    '[fd00::1]',
    '[::1]',
    '0',
  ])('is not what keeps %s closed: it is so with every host of the internet in reach', async (where) => {
    expect(await ask(where, { allowed: 'open' })).toMatch(/is an address of this host|leads to a private network/);
  });
});

test('an address of a private network is opened by the operator alone, and one of this host by nobody', async () => {
  const rules = ['registry.corp.example', '10.0.0.0/8', '127.0.0.0/8', '169.254.169.254'];
  const agreed = { allowed: rules, trusted: rules };
  for (const where of ['registry.corp.example', '10.0.0.7']) {
    expect(await ask(where, { allowed: rules })).toContain(`SENTRA_ALLOW_HOSTS=${where}`);
    expect(await ask(where, { trusted: rules })).toContain('is not among the hosts');
    expect(await ask(where, agreed)).toBe('open');
  }
  expect(await ask('127.0.0.1', agreed)).toContain('is an address of this host');
  expect(await ask('169.254.169.254', agreed)).toContain('is an address of this host');
});

test('a refused host is told once, and no more than fifty are', async () => {
  const told: string[] = [];
  const gate = createGate({ allowed: [], trusted: [], setting: 'network.test', onRefused: (m) => void told.push(m) });
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 60; i++) await gate({ name: `host-${i}.example`, isAddress: false, port: 443 }).catch(() => {});
  expect(told).toHaveLength(50);
  expect(told[0]).toContain('network.test');
});

test('every address of this host is its own, and an address elsewhere is not', () => {
  const mine = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  for (const address of [...mine, '169.254.169.254', 'fe80::1%eth0', '::'])
    expect([address, isOwnAddress(address)]).toEqual([address, true]);
  for (const address of ['93.184.216.34', '2606:4700::1111']) expect(isOwnAddress(address)).toBe(false);
});
