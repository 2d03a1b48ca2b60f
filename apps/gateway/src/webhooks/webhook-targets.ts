// Where webhooks may be sent. Tenants choose the URL, and must not use it to reach hosts that only this server can reach.
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { AddressRanges } from '@millrace/service-kit';
import { ProblemError } from '../http/problem-error.ts';

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

export const MAX_URL_LENGTH = 2_000;

/** An address that deliveries may connect to. */
export interface Target {
  readonly address: string;
  readonly family: 4 | 6;
}

const DNS_TRY_MS = 1_000;
const DNS_TRIES = 3;

/** Deliveries cannot go to this URL; the message is for the tenant. */
export class TargetRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TargetRefused';
  }
}

export class WebhookTargets {
  readonly #allowed: AddressRanges;
  readonly #allowsSome: boolean;
  readonly #dns: Resolver;

  /**
   * @param allowed ranges that deliveries may use although they are not public, and without TLS
   * @param dns the resolver
   */
  constructor(allowed: readonly string[], dns = new Resolver({ timeout: DNS_TRY_MS, tries: DNS_TRIES })) {
    this.#dns = dns;
    this.#allowed = new AddressRanges(allowed);
    this.#allowsSome = allowed.length > 0;
  }

  /**
   * Performs the checks that need no DNS.
   *
   * @returns the normalized URL
   * @throws TargetRefused
   */
  check(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || text.length > MAX_URL_LENGTH)
      throw new TargetRefused(`must be a URL of at most ${MAX_URL_LENGTH} characters`);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && this.#allowsSome))
      throw new TargetRefused('must begin with https://');
    if (url.username !== '' || url.password !== '') throw new TargetRefused('must not contain a user name or password');
    if (url.hash !== '') throw new TargetRefused('must not contain a fragment');
    const host = hostOf(url);
    if (isIP(host) !== 0) this.#refuse(url, host);
    else if (/(^|\.)localhost\.?$/.test(host) && !this.#allowed.includes('127.0.0.1'))
      throw new TargetRefused('must not name this server');
    return url;
  }

  /**
   * Looks up the host of a URL, and selects the permitted addresses. Connect to one of these: the next DNS response may differ.
   *
   * @returns at least one
   * @throws TargetRefused when there is none; otherwise the error of the lookup
   */
  async resolve(url: URL): Promise<readonly Target[]> {
    const host = hostOf(url);
    const family = isIP(host);
    const found = family === 0 ? await this.#lookUp(host) : [host];
    let refusal = new TargetRefused(`${host} has no address`);
    const targets = found.flatMap((address): Target[] => {
      try {
        this.#refuse(url, address);
        return [{ address, family: isIP(address) === 6 ? 6 : 4 }];
      } catch (error) {
        if (!(error instanceof TargetRefused)) throw error;
        // Tenants must not learn the internal addresses of host names.
        refusal = family === 0 ? new TargetRefused(`${host} has no public address`) : error;
        return [];
      }
    });
    if (targets.length === 0) throw refusal;
    return targets;
  }

  /**
   * `lookup` would occupy one of the process's few threads while a tenant's name server does not answer, and delay file access and the
   * lookups of other tenants. Names that only this machine knows count only if ranges have been opened for development.
   */
  async #lookUp(host: string): Promise<string[]> {
    const answers = await Promise.allSettled([this.#dns.resolve4(host), this.#dns.resolve6(host)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    if (this.#allowsSome) return (await lookup(host, { all: true })).map(({ address }) => address);
    const [first] = answers;
    if (first.status === 'rejected') throw first.reason;
    return [];
  }

  #refuse(url: URL, address: string): void {
    if (this.#allowed.includes(address)) return;
    if (!isPublicAddress(address)) throw new TargetRefused(`${address} is not a public address`);
    if (url.protocol !== 'https:') throw new TargetRefused('must begin with https://');
  }
}

/** The normalized URL of a request's field `url`. @throws ProblemError */
export function checkedTarget(targets: WebhookTargets, text: string): string {
  try {
    return targets.check(text).href;
  } catch (error) {
    if (!(error instanceof TargetRefused)) throw error;
    throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
      errors: [{ pointer: '/url', detail: error.message }],
    });
  }
}

/** Without the brackets of an IPv6 address; the URL parser has normalized IPv4 addresses. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !IPV4_REFUSED.includes(address);
  return version === 6 && IPV6_GLOBAL.includes(address) && !IPV6_REFUSED.includes(address);
}
