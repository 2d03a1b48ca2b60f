// Which peers a client may reach through us. RFC 8656 section 21.1.6: a relay is a way around the firewall it stands behind.
import { isInCidr } from './cidr.ts';
import type { Cidr } from './cidr.ts';
import { DENIED_RANGES, METADATA_ADDRESSES } from './denied-ranges.ts';
import type { PeerScope } from './denied-ranges.ts';
import { embeddedIpv4 } from './embedded-ipv4.ts';
import type { IpBytes } from './ip-address.ts';

export interface PeerPolicyOptions {
  /** Ranges that the operator opened. */
  readonly allowed: readonly Cidr[];
  /** The addresses of this machine, and those it is announced by. */
  readonly own: readonly Cidr[];
  /** Ports of this server on them: nobody talks to the server through itself. May be added to. */
  readonly ownPorts: readonly number[];
  /** The ports that relayed addresses have: on our own addresses a peer may be another client's relay. */
  readonly relayPorts: { readonly first: number; readonly last: number };
}

export class PeerPolicy {
  readonly #options: PeerPolicyOptions;

  constructor(options: PeerPolicyOptions) {
    this.#options = options;
  }

  /** @returns why this address may be no peer; undefined when it may */
  denied(address: IpBytes): PeerScope | undefined {
    const scope = scopeOf(address);
    if (scope !== undefined && !this.#isAllowed(address, scope)) return scope;
    for (const carried of embeddedIpv4(address)) {
      const inner = this.denied(carried);
      if (inner !== undefined) return inner;
      // ISATAP hides in ordinary prefixes: it needs to be opened as the others do.
      if (scope === undefined && !this.#isListed(address)) return 'transition';
    }
    return undefined;
  }

  /** Whether the address is one of this machine: then ports count too, see `isPortDenied`. */
  isOwn(address: IpBytes): boolean {
    return this.#options.own.some((range) => isInCidr(range, address));
  }

  /** Whether a port of our own address may not be reached. Only where the operator opened it, services are beside the relays. */
  isPortDenied(address: IpBytes, port: number): boolean {
    const { ownPorts, relayPorts } = this.#options;
    if (ownPorts.includes(port)) return true;
    return !(port >= relayPorts.first && port <= relayPorts.last) && !this.#isListed(address);
  }

  #isListed(address: IpBytes): boolean {
    return this.#options.allowed.some((range) => isInCidr(range, address));
  }

  #isAllowed(address: IpBytes, scope: PeerScope): boolean {
    if (scope !== 'metadata') return this.#isListed(address);
    return this.#options.allowed.some((range) => range.bits === address.length * 8 && isInCidr(range, address));
  }
}

function scopeOf(address: IpBytes): PeerScope | undefined {
  if (METADATA_ADDRESSES.some((range) => isInCidr(range, address))) return 'metadata';
  return DENIED_RANGES.find(({ range }) => isInCidr(range, address))?.scope;
}
