/**
 * What a room may reach: hosts by name, decided on the name as URLs read it, and then on every address that the name has. The
 * one idea: a name on a list opens the internet only. This host stays closed to everybody, a private network to all but those
 * whom the operator lets in, and who may connect gets the very addresses that were judged, so a name that changes its mind
 * (DNS rebinding) gains nothing.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isNamed, type Target } from '#src/domain/host-rule.ts';
import { isInRange, isOwnAddress, isPrivateAddress } from '#src/sandbox/addresses.ts';

export type Egress = {
  /** Rules as in domain/host-rule.ts. `open`: every host of the internet. */
  allowed: readonly string[] | 'open';
  /** Rules of those among them that may be in a private network: nobody else has the say over their names. */
  trusted: readonly string[];
  /** The key of sentra.json that would let another host through. */
  setting: string;
  /** Told of each host that is refused, once, with the way out. */
  onRefused?: (message: string) => void;
};

/** A host that may not be reached, with the way out, for people and for the program that asked. */
export class Refusal extends Error {}

/** Answers the addresses of a host that may be reached. Throws `Refusal`, or what the resolver says. */
export type Gate = (target: Target) => Promise<LookupAddress[]>;

type Resolve = (name: string) => Promise<LookupAddress[]>;

const resolveName: Resolve = (name) => lookup(name, { all: true });

export function createGate(egress: Egress, resolve: Resolve = resolveName): Gate {
  const told = new Set<string>();
  return async (target) => {
    try {
      return await admit(target, egress, resolve);
    } catch (e) {
      const place = `${target.name}:${target.port}`;
      if (e instanceof Refusal && !told.has(place) && told.size < mostTold) {
        told.add(place);
        egress.onRefused?.(e.message);
      }
      throw e;
    }
  };
}

/** Who asks for ever new hosts fills no log. */
const mostTold = 50;

async function admit(target: Target, egress: Egress, resolve: Resolve): Promise<LookupAddress[]> {
  const { allowed, setting } = egress;
  const { name, port } = target;
  if (target.isAddress) refuseAddress(target, name, egress);
  if (allowed !== 'open' && !isNamed(target, allowed, isInRange))
    throw new Refusal(
      `${name}:${port} is not among the hosts that this task may reach. If the project needs it, add "${ruleFor(target)}" to ${setting} in sentra.json.`,
    );
  const addresses = target.isAddress ? [{ address: name, family: name.includes(':') ? 6 : 4 }] : await resolve(name);
  for (const { address } of addresses) refuseAddress(target, address, egress);
  return addresses;
}

/** One bad address among the good ones is enough. */
function refuseAddress(target: Target, address: string, { trusted }: Egress): void {
  const { name } = target;
  if (isOwnAddress(address))
    throw new Refusal(`${name} is an address of this host (${address}), which a confined process may not reach.`);
  if (isPrivateAddress(address) && !isNamed(target, trusted, isInRange))
    throw new Refusal(
      `${name} leads to a private network (${address}). Only who runs the server opens that, by SENTRA_ALLOW_HOSTS=${ruleFor(target)} in the server's environment.`,
    );
}

function ruleFor({ name, port }: Target): string {
  const host = name.includes(':') ? `[${name}]` : name;
  return port === 80 || port === 443 ? host : `${host}:${port}`;
}
