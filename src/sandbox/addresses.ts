/** Which addresses are nobody's but this host's, and which belong to a network that is not the internet. */
import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

type Family = 'ipv4' | 'ipv6';

const familyOf = (address: string): Family => (isIPv6(address) ? 'ipv6' : 'ipv4');

function listOf(ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of ranges) list.addSubnet(address, bits, familyOf(address));
  return list;
}

/** Loopback, unspecified and link-local, where clouds answer with credentials; and the places outside of it that do so too. */
const neverShared = listOf([
  ...([
    ['127.0.0.0', 8],
    ['0.0.0.0', 8],
    ['169.254.0.0', 16],
    ['::1', 128],
    ['::', 128],
    ['fe80::', 10],
  ] as const),
  ...([
    ['168.63.129.16', 32],
    ['100.100.100.200', 32],
    ['192.0.0.192', 32],
    ['fd00:ec2::254', 128],
  ] as const),
]);

/** Not of the internet (iana.org: special-purpose registries); with those that stand for an address of version 4 inside. */
const special = listOf([
  ...([
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['192.0.0.0', 24],
  ] as const),
  ...([
    ['192.0.2.0', 24],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ] as const),
  ...([
    ['fc00::', 7],
    ['ff00::', 8],
    ['fec0::', 10],
    ['64:ff9b::', 96],
    ['64:ff9b:1::', 48],
  ] as const),
  ...([
    ['2002::', 16],
    ['2001::', 32],
    ['::', 96],
    ['2001:db8::', 32],
    ['100::', 64],
  ] as const),
]);

const plain = (address: string): string => address.replace(/%.*$/, '');
const isOn = (list: BlockList, address: string): boolean => list.check(plain(address), familyOf(plain(address)));

/** True for loopback, unspecified and link-local addresses and for every address of this host's interfaces. */
export function isOwnAddress(address: string): boolean {
  const own = new BlockList();
  for (const { address: mine, family } of Object.values(networkInterfaces()).flatMap((all) => all ?? []))
    own.addAddress(plain(mine), family === 'IPv6' ? 'ipv6' : 'ipv4');
  return isOn(neverShared, address) || isOn(own, address);
}

export const isPrivateAddress = (address: string): boolean => isOn(special, address);

export function isInRange(address: string, range: string, bits: number): boolean {
  const list = listOf([[range, bits]]);
  return isOn(list, address);
}
