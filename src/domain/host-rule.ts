/**
 * Hosts of the network and rules about them, as people write them: `api.example.com`, `*.corp.example`, an address, a range of
 * addresses (`10.0.0.0/8`), each with or without a port. The one idea: both are read by the rules for URLs (url.spec.whatwg.org),
 * so that no other spelling of a host (case, a dot at the end, 0x7f000001, another script) is another host. Pure.
 */
import { z } from 'zod';

/** `name`: lower case, in ASCII, without brackets and without a dot at its end. */
export type Host = { name: string; isAddress: boolean };
export type Target = Host & { port: number };

type Rule = { name: string; kind: 'name' | 'suffix' | 'range'; bits: number; port: number | undefined };

/** Where a rule names no port. */
const usualPorts = [80, 443];

/** Undefined for what is no host, or more than one: with a name before an @, a path, a NUL. */
export function readHost(text: string): Host | undefined {
  if (!/^[^\s\p{Cc}/\\?#@%]+$/u.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  const { hostname, port } = new URL(`http://${text}`);
  const name = withoutMapping(hostname.replace(/\.$/, '').replace(/^\[(.*)\]$/, '$1'));
  if (name === '' || port !== '' || /:\d*$/.test(text.replace(/^\[.*\]/, ''))) return undefined;
  return { name, isAddress: name.includes(':') || /^\d+(\.\d+){3}$/.test(name) };
}

/** `host:port`, as a proxy is asked for it; undefined where that is not what it is. */
export function readTarget(text: string, defaultPort: number): Target | undefined {
  const [, name = text, digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = readHost(name);
  const port = digits === undefined ? defaultPort : Number(digits);
  return host && port > 0 && port < 65_536 ? { ...host, port } : undefined;
}

/** An address of version 4 that is written as one of version 6 is that of version 4. */
function withoutMapping(name: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name) ?? [];
  if (high === undefined || low === undefined) return name;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

function parseRule(text: string): Rule | undefined {
  const [, star, place = '', bits, digits] =
    /^(\*\.)?(\[[^\]]*\]|[^:/]+)(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = readHost(place);
  const port = digits === undefined ? undefined : Number(digits);
  if (!host || port === 0 || (port ?? 0) > 65_535) return undefined;
  const { name, isAddress } = host;
  if (star) return isAddress || bits || !name.includes('.') ? undefined : { name, kind: 'suffix', bits: 0, port };
  if (!isAddress) return bits || name.includes('*') ? undefined : { name, kind: 'name', bits: 0, port };
  const most = name.includes(':') ? 128 : 32;
  return Number(bits ?? most) > most ? undefined : { name, kind: 'range', bits: Number(bits ?? most), port };
}

export const HostRule = z
  .string()
  .refine(
    (text) => parseRule(text) !== undefined,
    'a host is named like api.example.com, *.example.com, 10.1.2.3 or 10.0.0.0/8, with :8443 behind it for another port than 80 and 443',
  );

/** Whether one of the rules names this host and port. `isIn`: whether an address is in a range. */
export function isNamed(
  { name, isAddress, port }: Target,
  rules: readonly string[],
  isIn: (address: string, range: string, bits: number) => boolean,
): boolean {
  return rules.some((text) => {
    const rule = parseRule(text);
    if (!rule || !(rule.port === undefined ? usualPorts.includes(port) : rule.port === port)) return false;
    if (rule.kind === 'range') return isAddress && isIn(name, rule.name, rule.bits);
    return !isAddress && (rule.kind === 'name' ? name === rule.name : name.endsWith(`.${rule.name}`));
  });
}
