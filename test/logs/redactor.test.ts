import { expect, test } from 'vitest';
import { RedactStream } from '#src/logs/redact-stream.ts';
import { createRedactor } from '#src/logs/redactor.ts';

const canaries = Array.from(
  { length: 20 },
  (_, at) => `canary/${at}+${'é"&\\ %~x'.slice(0, (at % 8) + 1)}=${(at + 7) ** 9}`,
);
const multiline = `-----BEGIN SENTRA KEY-----\n${'Zm9vYmFyYmF6'.repeat(5)}\n${'cXV4cXV1eA0K'.repeat(5)}\n-----END SENTRA KEY-----`;
const redactor = createRedactor([...canaries, multiline]);

const encodings: Record<string, (secret: string) => string> = {
  plain: (secret) => secret,
  'base64 at the start': (secret) => Buffer.from(`${secret}, and so on`).toString('base64'),
  'base64, one byte in': (secret) => Buffer.from(`x${secret}y`).toString('base64'),
  'base64, two bytes in': (secret) => Buffer.from(`{"token":"12${secret}"}`).toString('base64'),
  'base64 in lines': (secret) =>
    (
      Buffer.from(`${'fill '.repeat(9)}${secret}`)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
  base64url: (secret) => Buffer.from(`?>${secret}`).toString('base64url'),
  'an address': (secret) => encodeURIComponent(secret),
  'an address in small letters': (secret) =>
    encodeURIComponent(secret).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  'a form': (secret) => new URLSearchParams({ a: secret }).toString(),
  JSON: (secret) => JSON.stringify({ a: secret }),
  'JSON in JSON': (secret) => JSON.stringify(JSON.stringify([secret])),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
};

/** Every way in which twelve characters of a secret could still be read. */
const traces = canaries.flatMap((secret) =>
  [
    secret,
    ...[0, 1, 2].map((pad) =>
      Buffer.from(`${'-'.repeat(pad)}${secret}`)
        .toString('base64')
        .slice(pad + 1, -4),
    ),
  ].map((form) => form.slice(-12)),
);

function throughStream(bytes: Buffer, size: number): string {
  const stream = new RedactStream(redactor);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(stream.add(bytes.subarray(at, at + size)));
  return Buffer.concat([...out, stream.end()]).toString();
}

test.each(Object.entries(encodings))('a known secret is found in %s', (_name, encode) => {
  for (const secret of canaries) {
    const told = redactor(`before ${encode(secret)} after`);
    expect(told).toContain('[redacted]');
    expect(told).toMatch(/^before .* after$/s);
    for (const trace of traces) expect(told).not.toContain(trace);
  }
});

test('secrets that are split at every size of chunk from 1 to 64 do not come through', () => {
  const text = canaries
    .flatMap((secret) => Object.values(encodings).map((encode) => `say ${encode(secret)} said\r\n`))
    .join('');
  const whole = throughStream(Buffer.from(text), text.length * 4);
  expect(whole.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(canaries.length * 13);
  expect(whole.match(/^say .*?said\r$/gms)).toHaveLength(canaries.length * 13);
  for (const trace of traces) expect(whole).not.toContain(trace);
  for (let size = 1; size <= 64; size++) expect(throughStream(Buffer.from(text), size)).toBe(whole);
});

test('a secret of several lines goes, at once, line by line, and cut anywhere', () => {
  for (const size of [1, 7, 64, 10_000]) {
    const told = throughStream(Buffer.from(`a\n${multiline}\nb\n  ${multiline.split('\n')[1]}\nc`), size);
    expect(told).toBe('a\n[redacted]\nb\n  [redacted]\nc');
  }
});

test('what looks like a secret goes, and what is around it stays', () => {
  const jwt = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`;
  const key = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n${'QUJDREVG'.repeat(20)}\n-----END RSA PRIVATE KEY-----`;
  const samples: [string, string][] = [
    [`id AKIA${'ABCD2345'.repeat(2)} ok`, 'id [redacted] ok'],
    [`aws_secret_access_key = ${'wJalrXUtnFEMI/K7MDEN'.repeat(2)}`, 'aws_secret_access_key = [redacted]'],
    [`GH ghp_${'a1B2'.repeat(9)} ok`, 'GH [redacted] ok'],
    [`github_pat_${'a1B2'.repeat(9)}`, '[redacted]'],
    [`glpat-${'a1B2-'.repeat(4)}`, '[redacted]'],
    ['xoxb-1234567890-abcdef', '[redacted]'],
    [`sk-ant-api03-${'a1B2'.repeat(9)}!`, '[redacted]!'],
    [`sk-proj-${'a1B2'.repeat(9)}`, '[redacted]'],
    [`token=${jwt};`, 'token=[redacted];'],
    ['Authorization: Bearer abc.def-123, next', 'Authorization: Bearer [redacted], next'],
    ['{"authorization":"Basic dXNlcjpwYXNz"}', '{"authorization":"Basic [redacted]"}'],
    ['postgres://me:s3cret@localhost:5432/app', 'postgres://me:[redacted]@localhost:5432/app'],
    [key, '-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----'],
  ];
  for (const [text, expected] of samples) {
    expect(redactor(text)).toBe(expected);
    for (const size of [1, 3, 17]) expect(throughStream(Buffer.from(`${text}\n`), size)).toBe(`${expected}\n`);
  }
});

test('ordinary output comes through as it was', () => {
  const texts = [
    'postgres://localhost/app',
    'https://example.org/a?b=c@d',
    'a task-ak3 sk-short',
    'bearer of news',
    'commit 0123456789abcdef0123456789abcdef01234567',
  ];
  for (const text of texts) expect(redactor(text)).toBe(text);
});

test('a whole line is let go at once, unless it may end in the beginning of a secret; then when nothing more comes', () => {
  const stream = new RedactStream(redactor);
  expect(stream.add(Buffer.from('first\nsec')).toString()).toBe('first\n');
  expect(stream.add(Buffer.from('ond\n')).toString()).toBe('second\n');
  expect(stream.add(Buffer.from('it is canary/3\n')).toString()).toBe('it is ');
  expect(stream.settle().toString()).toBe('canary/3\n');
  const secret = canaries[3] as string;
  expect(stream.add(Buffer.from(`${secret.slice(8)}\n`)).toString()).not.toContain(secret.slice(-8));
});

test('data is redacted wherever a text stands in it', () => {
  const secret = canaries[0] as string;
  expect(redactor.deep({ [secret]: [secret, 1, null, { a: `<${secret}>` }] })).toEqual({
    '[redacted]': ['[redacted]', 1, null, { a: '<[redacted]>' }],
  });
});
