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
