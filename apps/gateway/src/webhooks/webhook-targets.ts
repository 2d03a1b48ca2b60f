// Where webhooks may be sent: a URL with TLS at an address that this server may connect to.
import { isIP } from 'node:net';
import { parseTypedUrl } from '@millrace/protocol/bytes';
import { AddressRefused, OutboundAddresses } from '@millrace/service-kit';
import type { OutboundAddress } from '@millrace/service-kit';
import { ProblemError } from '../http/problem-error.ts';

export const MAX_URL_LENGTH = 2_000;

export class WebhookTargets {
  readonly #addresses: OutboundAddresses;

  /**
   * @param allowed ranges that deliveries may use although they are not public, and without TLS
   * @param dns the resolver
   */
  constructor(allowed: readonly string[], dns?: ConstructorParameters<typeof OutboundAddresses>[1]) {
    this.#addresses = new OutboundAddresses(allowed, dns, 'MILLRACE_WEBHOOK_ALLOWED_ADDRESSES');
  }

  /**
   * Performs the checks that need no DNS.
   *
   * @returns the normalized URL
   * @throws AddressRefused
   */
  check(text: string): URL {
    if (text.length > MAX_URL_LENGTH) throw new AddressRefused(`must be a URL of at most ${MAX_URL_LENGTH} characters`);
    const typed = parseTypedUrl(text);
    if (typeof typed === 'string') throw new AddressRefused(typed);
    const { url, host } = typed;
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && this.#addresses.allowsSome))
      throw new AddressRefused('must begin with https://');
    if (url.username !== '' || url.password !== '')
      throw new AddressRefused('must not contain a user name or password');
    if (url.hash !== '') throw new AddressRefused('must not contain a fragment');
    if (isIP(host) !== 0) this.#check(url, host);
    else this.#addresses.checkHost(host);
    return url;
  }

  /**
   * Looks up the host of a URL, and selects the permitted addresses. Connect to one of these: the next DNS response may differ.
   *
   * @returns at least one
   * @throws AddressRefused when there is none; otherwise the error of the lookup
   */
  resolve(url: URL): Promise<readonly OutboundAddress[]> {
    return this.#addresses.resolve(hostOf(url), (address) => this.#check(url, address));
  }

  #check(url: URL, address: string): void {
    if (this.#addresses.isAllowed(address)) return;
    this.#addresses.check(address);
    if (url.protocol !== 'https:') throw new AddressRefused('must begin with https://');
  }
}

/** The normalized URL of a request's field `url`. @throws ProblemError */
export function checkedTarget(targets: Pick<WebhookTargets, 'check'>, text: string): string {
  try {
    return targets.check(text).href;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
      errors: [{ pointer: '/url', detail: error.message }],
    });
  }
}

/** Without the brackets of an IPv6 address; the URL parser has normalized IPv4 addresses. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');
