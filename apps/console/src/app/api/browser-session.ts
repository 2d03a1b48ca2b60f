// Who is logged in with this browser. The session itself is in a cookie that no script can read.
import { ConsoleApi, ApiFailure } from './console-api.ts';

export interface BrowserSession {
  readonly id: string;
  readonly kind: 'user' | 'api_key';
  readonly user: {
    readonly id: string;
    readonly email: string;
    readonly name: string;
    readonly totp_enabled: boolean;
    /** false: the user logs in at the identity provider. */
    readonly has_password: boolean;
    /** null: not known, or the user does not log in there. */
    readonly provider_logout_url: string | null;
  } | null;
  /** null: the operator, who sees every tenant. */
  readonly tenant_id: string | null;
  readonly role: 'operator' | 'owner' | 'member' | 'viewer' | null;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
  readonly address: string;
  readonly user_agent: string | null;
  readonly current: boolean;
}

interface OpenedSession extends BrowserSession {
  readonly csrf_token: string;
}

/** What opens a session. */
export type LogInProof =
  | { readonly api_key: string }
  | { readonly login_code: string }
  /** The query that the identity provider sent this browser back with. */
  | { readonly oidc_response: string }
  | { readonly email: string; readonly password: string; readonly totp_code?: string; readonly recovery_code?: string };

const SESSIONS = '/v1/console_sessions';
const CURRENT = `${SESSIONS}/current`;

export class BrowserAccess {
  readonly api: ConsoleApi;
  #csrfToken = '';

  /** @param onOver the session has ended, or there is none */
  constructor(onOver: () => void) {
    this.api = new ConsoleApi({
      credentials: (): Record<string, string> => (this.#csrfToken === '' ? {} : { 'x-csrf-token': this.#csrfToken }),
      onUnauthenticated: onOver,
    });
  }

  /** @returns undefined where this browser is not logged in */
  async current(): Promise<BrowserSession | undefined> {
    try {
      return this.#opened(await this.api.get<OpenedSession>(CURRENT));
    } catch (error) {
      if (error instanceof ApiFailure && error.code === 'unauthenticated') return undefined;
      throw error;
    }
  }

  async logIn(proof: LogInProof): Promise<BrowserSession> {
    return this.#opened(await this.api.post<OpenedSession>(SESSIONS, proof));
  }

  /** What the identity provider of this server is called; null: it has none. */
  async identityProvider(): Promise<string | null> {
    const config = await this.api.get<{ readonly identity_provider: string | null }>('/assets/console/config.json');
    return config.identity_provider;
  }

  /** Leads to the identity provider, which leads back to `/console/oidc`. */
  async goToProvider(): Promise<void> {
    const begun = await this.api.post<{ readonly authorization_url: string }>('/v1/oidc_logins');
    location.assign(begun.authorization_url);
  }

  async logOut(): Promise<void> {
    await this.api.delete(CURRENT);
    this.#csrfToken = '';
  }

  #opened({ csrf_token: token, ...session }: OpenedSession): BrowserSession {
    this.#csrfToken = token;
    return session;
  }
}

/** Whether a session may do this: `live_streams:write`, for example. The server decides; the pages only offer what will work. */
export const mayUse = ({ role, scopes }: Pick<BrowserSession, 'role' | 'scopes'>, scope: string): boolean =>
  role === 'operator' || scopes.includes('*') || scopes.includes(scope);
