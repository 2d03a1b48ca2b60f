// Which peers a client may reach through us. RFC 8656 section 21.1.6: a relay is a way around the firewall in front of it.
import { isInCidr } from './cidr.ts';
import type { Cidr } from './cidr.ts';
import { DENIED_RANGES, METADATA_ADDRESSES } from './denied-ranges.ts';
import type { PeerScope } from './denied-ranges.ts';
import { embeddedIpv4 } from './embedded-ipv4.ts';
import type { IpBytes } from './ip-address.ts';
import { isPortIn } from './port-range.ts';
import type { PortRange } from './port-range.ts';

export interface PeerPolicyOptions {
  /** Ranges that the operator opened. */
  readonly allowed: readonly Cidr[];
  /** Ranges that the operator closed: these win. */
  readonly denied: readonly Cidr[];
  /** The addresses of this machine, and those it is announced by. */
  readonly own: readonly Cidr[];
  /** The addresses that relays are announced by. */
  readonly announced: readonly Cidr[];
  /** Ports of this server on its own addresses: no client talks to the server through itself. May be added to. */
  readonly ownPorts: readonly number[];
  /** The ports that relayed addresses have: on our own addresses a peer may be another client's relay. */
  readonly relayPorts: PortRange;
  /** Further ports of our own addresses that the operator opened, such as those of a media server beside this one. */
  readonly ownPeerPorts: readonly PortRange[];
}

export class PeerPolicy {
  readonly #options: PeerPolicyOptions;

  constructor(options: PeerPolicyOptions) {
    this.#options = options;
  }

  /** @returns why this address may be no peer; undefined when it may */
  denied(address: IpBytes): PeerScope | undefined {
    if (this.#isClosed(address)) return 'operator';
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

  /** Whether the address is one of this machine, in any spelling: then ports count too, see `isOwnPortDenied`. */
  isOwn(address: IpBytes): boolean {
    if (this.#options.own.some((range) => isInCidr(range, address))) return true;
    return embeddedIpv4(address).some((carried) => this.isOwn(carried));
  }

  /**
   * Whether a port of our own addresses may not be reached. Opening an address opens the relays on it and nothing else: this
   * machine's other services are each opened by their port.
   */
  isOwnPortDenied(port: number): boolean {
    const { ownPorts, relayPorts, ownPeerPorts } = this.#options;
    if (ownPorts.includes(port)) return true;
    return !isPortIn(relayPorts, port) && !ownPeerPorts.some((range) => isPortIn(range, port));
  }

  /**
   * An operator who denies a range that this server is in means the machines around it: clients of this server go on meeting at its
   * relays, unless its address itself is named.
   */
  #isClosed(address: IpBytes): boolean {
    const { denied, announced } = this.#options;
    const closing = denied.filter((range) => isInCidr(range, address));
    if (closing.length === 0) return false;
    return closing.some(({ bits }) => bits === address.length * 8) || !announced.some((own) => isInCidr(own, address));
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
