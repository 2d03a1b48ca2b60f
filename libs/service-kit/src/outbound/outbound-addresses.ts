// Where this server may connect on a tenant's behalf. Tenants choose the host, and must not use it to reach hosts that only this server
// can reach.
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { AddressRanges } from '../connections/address-ranges.ts';

/** IPv4 addresses that are not globally reachable (IANA IPv4 Special-Purpose Address Registry), and multicast. */
const IPV4_REFUSED = new AddressRanges([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Azure's host services, reachable from its virtual machines.
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]);
/** Global unicast (RFC 4291 section 2.4); everything else is local, multicast, mapped, translated (RFC 6052) or reserved. */
const IPV6_GLOBAL = new AddressRanges(['2000::/3']);
/** Exceptions within it: protocol assignments with Teredo, documentation, and 6to4, some of which embed other addresses. */
const IPV6_REFUSED = new AddressRanges(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** An address that may be connected to. */
export interface OutboundAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

const DNS_TRY_MS = 1_000;
const DNS_TRIES = 3;

/** This address may not be connected to; the message is for the tenant. */
export class AddressRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AddressRefused';
  }
}

export class OutboundAddresses {
  readonly #allowed: AddressRanges;
  /** Whether any range is allowed, as in development. */
  readonly allowsSome: boolean;
  /** What refusals end with: how the operator allows an address. */
  readonly #advice: string;
  readonly #dns: Resolver;

  /**
   * @param allowed ranges that may be connected to although they are not public
   * @param dns the resolver
   * @param variable the setting that has these ranges; refusals name it
   */
  constructor(
    allowed: readonly string[],
    dns = new Resolver({ timeout: DNS_TRY_MS, tries: DNS_TRIES }),
    variable?: string,
  ) {
    this.#dns = dns;
    this.#advice = variable === undefined ? '' : `; the operator can allow ranges of addresses with ${variable}`;
    this.#allowed = new AddressRanges(allowed);
    this.allowsSome = allowed.length > 0;
  }

  /** Whether the operator allows it, public or not. */
  isAllowed(address: string): boolean {
    return this.#allowed.includes(address);
  }

  /**
   * Performs the checks of a host that need no DNS.
   *
   * @param host a name or an address, without the brackets of IPv6
   * @throws AddressRefused
   */
  checkHost(host: string): void {
    if (isIP(host) !== 0) this.check(host);
    else if (/(^|\.)localhost\.?$/i.test(host) && !this.isAllowed('127.0.0.1'))
      throw new AddressRefused(`must not name this server${this.#advice}`);
  }

  /** @throws AddressRefused unless the address is public or allowed */
  check(address: string): void {
    if (!this.isAllowed(address) && !isPublicAddress(address))
      throw new AddressRefused(`${address} is not a public address${this.#advice}`);
  }

  /**
   * Looks up a host, and selects the permitted addresses. Connect to one of these: the next DNS response may differ.
   *
   * @param check throws AddressRefused for what may not be connected to; `this.check` when not given
   * @returns at least one
   * @throws AddressRefused when there is none; otherwise the error of the lookup
   */
  async resolve(
    host: string,
    check = (address: string): void => this.check(address),
  ): Promise<readonly OutboundAddress[]> {
    const family = isIP(host);
    const found = family === 0 ? await this.#lookUp(host) : [host];
    let refusal = new AddressRefused(`${host} has no address`);
    const permitted = found.flatMap((address): OutboundAddress[] => {
      try {
        check(address);
        return [{ address, family: isIP(address) === 6 ? 6 : 4 }];
      } catch (error) {
        if (!(error instanceof AddressRefused)) throw error;
        // Tenants must not learn the internal addresses of host names.
        refusal = family === 0 ? new AddressRefused(`${host} has no public address${this.#advice}`) : error;
        return [];
      }
    });
    if (permitted.length === 0) throw refusal;
    return permitted;
  }

  /**
   * `lookup` would occupy one of the process's few threads while a tenant's name server does not answer, and delay file access and the
   * lookups of other tenants. Names that only this machine knows count only if ranges have been opened for development.
   */
  async #lookUp(host: string): Promise<string[]> {
    const answers = await Promise.allSettled([this.#dns.resolve4(host), this.#dns.resolve6(host)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    if (this.allowsSome) return (await lookup(host, { all: true })).map(({ address }) => address);
    const [first] = answers;
    if (first.status === 'rejected') throw first.reason;
    return [];
  }
}

/** Makes Node.js connect to the checked addresses of a host, while names of TLS and HTTP stay those of the host. It tries both families. */
export const lookupOf =
  (addresses: readonly OutboundAddress[]): LookupFunction =>
  (_host, options, found) =>
    options.all === true
      ? found(null, [...addresses])
      : found(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);

/** Whether an address is globally reachable. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !IPV4_REFUSED.includes(address);
  return version === 6 && IPV6_GLOBAL.includes(address) && !IPV6_REFUSED.includes(address);
}
