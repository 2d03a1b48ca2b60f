// The identity provider of the settings: OpenID Connect Core 1.0 section 3.1, the authorization code flow with PKCE (RFC 7636).
import { ConfigError } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
} from 'openid-client';
import type { Configuration, CustomFetch } from 'openid-client';
import { loginFailed } from '../auth/auth.errors.ts';
import { dependencyUnavailable } from '../http/problem-error.ts';
import type { GatewaySettings } from '../settings.ts';

const MS = 1_000;
/** How long what the provider says of itself is believed. Keys are asked for again whenever an unknown one is used. */
const DISCOVERED_FOR_MS = 60 * 60_000;
/** Answers of the provider: tokens, keys, claims. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_GROUPS = 1_000;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** What ties an answer to the log-in that asked for it. */
export interface OidcSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface OidcIdentity {
  /** Never given to another person, unlike an email address. */
  readonly subject: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

type ProviderSettings = Pick<
  GatewaySettings,
  | 'oidcIssuer'
  | 'oidcClientId'
  | 'oidcClientSecret'
  | 'oidcName'
  | 'oidcScopes'
  | 'oidcGroupsClaim'
  | 'oidcTimeoutMs'
  | 'publicUrl'
>;

export class OidcProvider {
  readonly name: string;
  readonly #settings: ProviderSettings;
  readonly #logger: Logger;
  readonly #issuer: URL;
  readonly #clientId: string;
  #discovered: { readonly config: Promise<Configuration>; readonly atMs: number } | undefined;
  #logOutUrl: string | null = null;

  /** @returns undefined where the settings name none */
  static of(settings: ProviderSettings, logger: Logger): OidcProvider | undefined {
    const { oidcIssuer: issuer, oidcClientId: clientId } = settings;
    if (issuer === undefined && clientId === undefined) return undefined;
    if (issuer === undefined) throw wrong('MILLRACE_OIDC_ISSUER', 'must be set together with MILLRACE_OIDC_CLIENT_ID');
    if (clientId === undefined)
      throw wrong('MILLRACE_OIDC_CLIENT_ID', 'must be set together with MILLRACE_OIDC_ISSUER');
    const url = new URL(issuer);
    if (url.protocol !== 'https:' && !LOOPBACK.has(url.hostname))
      throw wrong('MILLRACE_OIDC_ISSUER', 'must start with https:// unless it is on this machine');
    return new OidcProvider(settings, logger, url, clientId);
  }

  private constructor(settings: ProviderSettings, logger: Logger, issuer: URL, clientId: string) {
    this.#settings = settings;
    this.#logger = logger;
    this.#issuer = issuer;
    this.#clientId = clientId;
    this.name = settings.oidcName;
  }

  /** Where a person also logs out of the provider; null while it is not known, or where there is no such page. */
  get logOutUrl(): string | null {
    return this.#logOutUrl;
  }

  /** Asks the provider for its addresses, so that a wrong setting is in the log before the first log-in. */
  async prepare(): Promise<void> {
    try {
      await this.#discover();
    } catch {
      // Logged there; the next log-in asks again.
    }
  }

  async authorizationUrl({ state, nonce, codeVerifier }: OidcSecrets): Promise<string> {
    return buildAuthorizationUrl(await this.#discover(), {
      redirect_uri: this.#redirectUri,
      scope: this.#settings.oidcScopes,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }).href;
  }

  /**
   * @param response the query that the provider sent the browser back with
   * @throws ProblemError where it is not the answer to this log-in, or not of this provider
   */
  async identityFrom(response: string, { state, nonce, codeVerifier }: OidcSecrets): Promise<OidcIdentity> {
    const config = await this.#discover();
    try {
      const tokens = await authorizationCodeGrant(config, new URL(`${this.#redirectUri}?${response}`), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('the provider sent no ID token');
      // Some providers put the address into the ID token, others only here.
      const needsMore = claims['email'] === undefined && config.serverMetadata().userinfo_endpoint !== undefined;
      const more = needsMore ? await fetchUserInfo(config, tokens.access_token, claims.sub) : {};
      return identityIn({ ...more, ...claims }, claims, this.#settings.oidcGroupsClaim);
    } catch (error) {
      this.#logger.warn({ err: error, issuer: this.#issuer.href }, 'an OpenID Connect log-in failed');
      throw isOfTransport(error)
        ? dependencyUnavailable(this.name, error)
        : loginFailed(`The answer of ${this.name} was not accepted: try again.`);
    }
  }

  get #redirectUri(): string {
    return `${this.#settings.publicUrl}/console/oidc`;
  }

  async #discover(): Promise<Configuration> {
    const now = performance.now();
    if (this.#discovered === undefined || now - this.#discovered.atMs > DISCOVERED_FOR_MS)
      this.#discovered = { config: this.#askProvider(), atMs: now };
    const asked = this.#discovered;
    try {
      return await asked.config;
    } catch (error) {
      if (this.#discovered === asked) this.#discovered = undefined;
      this.#logger.warn({ err: error, issuer: this.#issuer.href }, 'cannot reach the OpenID Connect provider');
      throw dependencyUnavailable(this.name, error);
    }
  }

  async #askProvider(): Promise<Configuration> {
    const { oidcClientSecret: secret, oidcTimeoutMs: timeoutMs } = this.#settings;
    const config = await discovery(this.#issuer, this.#clientId, secret, secret === undefined ? None() : undefined, {
      // The signature of the ID token is verified although it comes straight from the provider.
      execute: [enableNonRepudiationChecks, ...(this.#issuer.protocol === 'http:' ? [allowInsecureRequests] : [])],
      timeout: timeoutMs / MS,
      [customFetch]: boundedFetch,
    });
    this.#logOutUrl = config.serverMetadata().end_session_endpoint ?? null;
    return config;
  }
}

function identityIn(
  all: Readonly<Record<string, unknown>>,
  { sub, iss }: { readonly sub: string; readonly iss: string },
  groupsClaim: string,
): OidcIdentity {
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const groups = claimAt(all, groupsClaim);
  return {
    subject: `${iss} ${sub}`,
    email: text(all['email']),
    emailVerified: all['email_verified'] === true,
    name: text(all['name']),
    groups: (Array.isArray(groups) ? groups : [groups])
      .filter((group): group is string => typeof group === 'string')
      .slice(0, MAX_GROUPS),
  };
}

/** A claim by its name, or by its path: Keycloak has roles in `realm_access.roles`. */
function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path
    .split('.')
    .reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Readonly<Record<string, unknown>>)[part]
          : undefined,
      claims,
    );
}

/** The provider is chosen by the operator; a redirect, or an endless answer, is not. */
const boundedFetch: CustomFetch = async (url, options) => {
  const answer = await fetch(url, { ...options, redirect: 'manual' });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES)
      throw new TypeError(`an answer of the provider has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  const { status, statusText, headers } = answer;
  return new Response(chunks.length === 0 ? null : Buffer.concat(chunks), { status, statusText, headers });
};

/** `fetch` throws a TypeError where there is no answer; the library names a time that is over. */
const isOfTransport = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof Error && 'code' in error && error.code === 'OAUTH_TIMEOUT');

const wrong = (variable: string, fault: string): ConfigError => new ConfigError([{ variable, fault }]);
