// The cookie that holds a console session, and what keeps other sites from using it.
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem-error.ts';

const NAME = 'millrace_console';
/** RFC 6265bis section 4.1.3.2: browsers take a cookie of this name only by https, and from this host alone. */
const SECURE_NAME = `__Host-${NAME}`;
const DEVICE_NAME = 'millrace_device';
const SECURE_DEVICE_NAME = `__Host-${DEVICE_NAME}`;
const OIDC_NAME = 'millrace_oidc';
const SECURE_OIDC_NAME = `__Host-${OIDC_NAME}`;
/** A year: browsers keep no cookie for much longer. */
const DEVICE_MAX_AGE_S = 365 * 24 * 60 * 60;
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

export const isSafeMethod = (method: string): boolean => SAFE_METHODS.has(method);

export class ConsoleCookies {
  readonly #publicUrl: URL;

  /** @param publicUrl where browsers reach this server */
  constructor(publicUrl: string) {
    this.#publicUrl = new URL(publicUrl);
  }

  /** @returns the value of `Set-Cookie`; the browser keeps it as long as it is told */
  write(request: FastifyRequest, token: string, maxAgeS: number): string {
    return this.#write(request, [NAME, SECURE_NAME], token, maxAgeS);
  }

  /** @returns the value of `Set-Cookie` that makes the browser forget the session */
  clear(request: FastifyRequest): string {
    return this.write(request, '', 0);
  }

  read(request: FastifyRequest): string | undefined {
    return cookieOf(request, this.#isHttps(request) ? SECURE_NAME : NAME);
  }

  /** What a browser shows at its next log-in: see `LoginRates`. */
  writeDevice(request: FastifyRequest, device: string): string {
    return this.#write(request, [DEVICE_NAME, SECURE_DEVICE_NAME], device, DEVICE_MAX_AGE_S);
  }

  readDevice(request: FastifyRequest): string | undefined {
    return cookieOf(request, this.#isHttps(request) ? SECURE_DEVICE_NAME : DEVICE_NAME);
  }

  /** What ties the answer of the identity provider to the browser that asked for it. */
  writeOidc(request: FastifyRequest, secret: string, maxAgeS: number): string {
    return this.#write(request, [OIDC_NAME, SECURE_OIDC_NAME], secret, maxAgeS);
  }

  readOidc(request: FastifyRequest): string | undefined {
    return cookieOf(request, this.#isHttps(request) ? SECURE_OIDC_NAME : OIDC_NAME);
  }

  /**
   * Refuses a request that a page of another site has made. Browsers of today say so by `Sec-Fetch-Site`, all by `Origin` for a
   * method that may change something.
   *
   * @throws ProblemError
   */
  refuseOtherSites({ raw, method }: FastifyRequest): void {
    const site = raw.headers['sec-fetch-site'];
    const isNavigation = site === 'none' && isSafeMethod(method);
    if (site !== undefined && site !== 'same-origin' && !isNavigation) throw crossSite();
    const { origin, host } = raw.headers;
    if (origin !== undefined && !this.#isOwn(origin, host)) throw crossSite();
  }

  #write(
    request: FastifyRequest,
    [plainName, secureName]: readonly [string, string],
    value: string,
    maxAgeS: number,
  ): string {
    const secure = this.#isHttps(request);
    const maxAge = Math.max(0, Math.floor(maxAgeS));
    return `${secure ? secureName : plainName}=${value}; ${ATTRIBUTES}; Max-Age=${maxAge}${secure ? '; Secure' : ''}`;
  }

  #isOwn(origin: string, host: string | undefined): boolean {
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    return url.origin === this.#publicUrl.origin || url.host === host?.toLowerCase();
  }

  /** Also when the proxy in front does not say so, but the address is one that is known to be https. */
  #isHttps({ server, raw }: FastifyRequest): boolean {
    if (server.clientAddresses.isHttps(raw)) return true;
    return this.#publicUrl.protocol === 'https:' && raw.headers.host?.toLowerCase() === this.#publicUrl.host;
  }
}

/** @returns undefined when there is none, or more than one: another site of the same domain may have set the other */
function cookieOf({ raw }: FastifyRequest, name: string): string | undefined {
  const values = (raw.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

const crossSite = (): ProblemError =>
  new ProblemError('cross_site_request', 'Requests with a console session must come from the console itself.');
