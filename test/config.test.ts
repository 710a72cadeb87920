import { expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';

test('traces go nowhere unless somebody says where', () => {
  expect(readConfig({}).traces).toBe(null);
  expect(readConfig({ OTEL_EXPORTER_OTLP_HEADERS: 'a=b' }).traces).toBe(null);
});

test.each([
  [{ SENTRA_OTLP_URL: 'http://127.0.0.1:4318' }, 'http://127.0.0.1:4318/v1/traces'],
  [{ SENTRA_OTLP_URL: 'https://otlp.example.test/otlp/' }, 'https://otlp.example.test/otlp/v1/traces'],
  [{ SENTRA_OTLP_URL: 'http://127.0.0.1:4318/v1/traces' }, 'http://127.0.0.1:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'http://collector:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/traces' }, 'http://collector:4318/traces'],
])('%j sends traces to %s', (env, url) => {
  expect(readConfig(env).traces?.url).toBe(url);
});

test('headers are read as OpenTelemetry writes them', () => {
  const env = {
    SENTRA_OTLP_URL: 'http://127.0.0.1:4318',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc=,x-team = a b,broken',
  };
  expect(readConfig(env).traces?.headers).toEqual({ authorization: 'Basic abc=', 'x-team': 'a b' });
});

test.each(['localhost:4318', 'ftp://a.test', 'http://name:secret@a.test'])(
  '%s is refused by name, and not repeated',
  (url) => {
    expect(() => readConfig({ SENTRA_OTLP_URL: url })).toThrow(/^SENTRA_OTLP_URL is no address/);
    expect(() => readConfig({ SENTRA_OTLP_URL: url })).not.toThrow('secret');
  },
);

test('what only the operator may say of confinement is nothing by default, and a wrong word is named', () => {
  expect(readConfig({}).operator).toEqual({ network: 'listed', hosts: [], unconfined: [] });
  const said = {
    SENTRA_NETWORK: 'open',
    SENTRA_ALLOW_HOSTS: 'a.example, 10.0.0.0/8',
    SENTRA_ALLOW_UNCONFINED: 'one,/src/two',
  };
  expect(readConfig(said).operator).toEqual({
    network: 'open',
    hosts: ['a.example', '10.0.0.0/8'],
    unconfined: ['one', '/src/two'],
  });
  expect(readConfig({ SENTRA_ALLOW_UNCONFINED: 'one,all' }).operator.unconfined).toBe('all');
  expect(() => readConfig({ SENTRA_NETWORK: 'closed' })).toThrow('SENTRA_NETWORK is "closed"; use listed or open.');
  expect(() => readConfig({ SENTRA_TOOLS: '/opt/tools, ~/tools' })).toThrow('SENTRA_TOOLS has "~/tools"');
  expect(() => readConfig({ SENTRA_ALLOW_HOSTS: 'https://a.example' })).toThrow(
    'SENTRA_ALLOW_HOSTS has "https://a.example"',
  );
});

test('programs are looked for in no folder that depends on where one stands', () => {
  expect(readConfig({ PATH: '.:/usr/bin::bin:/bin', HOME: '/home/me' }).userEnv).toEqual({
    PATH: '/usr/bin:/bin',
    HOME: '/home/me',
  });
});
