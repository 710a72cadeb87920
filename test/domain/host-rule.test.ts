import { expect, test } from 'vitest';
import { HostRule, readHost, readTarget } from '#src/domain/host-rule.ts';

test.each([
  ['EXAMPLE.com', 'example.com'],
  ['example.com.', 'example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['ｅxample.com', 'example.com'],
  ['2130706433', '127.0.0.1'],
  ['0x7f000001', '127.0.0.1'],
  ['0177.0.0.1', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['[::FFFF:127.0.0.1]', '127.0.0.1'],
  ['[0:0:0:0:0:0:0:1]', '::1'],
])('%s is the host %s', (written, name) => {
  expect(readHost(written)?.name).toBe(name);
});

test.each([
  '',
  '.',
  'a b',
  'a\0b',
  'a@b',
  'a/b',
  'a\\b',
  'a?b',
  'a#b',
  'a%2eb',
  'a:80',
  '::1',
  '[::1',
  'a\r\nb',
  '1.2.3.4.5',
])('%j is no host', (written) => {
  expect(readHost(written)).toBeUndefined();
});

test.each([
  ['example.com:443', 'example.com', 443],
  ['example.com', 'example.com', 80],
  ['[::1]:8443', '::1', 8443],
])('%s is asked for as host and port', (written, name, port) => {
  expect(readTarget(written, 80)).toMatchObject({ name, port });
});

test.each(['example.com:0', 'example.com:65536', 'example.com:80:90', 'example.com:', 'user@example.com:80'])(
  '%j is no host with a port',
  (written) => {
    expect(readTarget(written, 80)).toBeUndefined();
  },
);

test.each(['api.example.com', '*.corp.example:8443', '10.0.0.0/8', '[fd00::]/8', '10.1.2.3:5000'])(
  '%s is a rule',
  (rule) => {
    expect(HostRule.safeParse(rule).success).toBe(true);
  },
);

test.each([
  '*',
  '*.com',
  'https://example.com',
  'example.com/path',
  '10.0.0.0/33',
  'a.*.com',
  'example.com:0',
  '*.10.0.0.1',
])('%s is refused as a rule, with what a rule looks like', (rule) => {
  expect(HostRule.safeParse(rule).error?.issues[0]?.message).toContain('a host is named like');
});
