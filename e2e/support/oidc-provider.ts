// An OpenID Connect provider on this machine: `oidc-provider`, with accounts that log in without being asked anything.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, decodeJwt, decodeProtectedHeader } from 'jose';
import { Provider } from 'oidc-provider';

export const OIDC_CLIENT_ID = 'millrace';
export const OIDC_CLIENT_SECRET = 'the secret of a test, which is long enough';

export interface OidcAccount {
  readonly sub: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly name: string;
  readonly groups?: readonly string[];
}

export class TestOidcProvider {
  /** Who is logged in there. */
  account: OidcAccount | undefined;
  /** Changes the claims of the next ID token, which is signed with a key that is not the provider's. */
  forged: Record<string, unknown> | undefined;
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #provider: Provider | undefined;

  static async listen(): Promise<TestOidcProvider> {
    const made = new TestOidcProvider();
    await new Promise<void>((done) => made.#server.listen(0, '127.0.0.1', done));
    return made;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Until then it answers 503. */
  serve(redirectUri: string): void {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: OIDC_CLIENT_ID,
          client_secret: OIDC_CLIENT_SECRET,
          redirect_uris: [redirectUri],
          id_token_signed_response_alg: 'ES256',
        },
      ],
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'test' }] },
      cookies: { keys: ['a key for the cookies of a test'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, accountId) => ({
        accountId,
        claims: () => ({ ...this.account, sub: accountId }),
      }),
      loadExistingGrant: async (context) => {
        const grant = new context.oidc.provider.Grant({
          clientId: OIDC_CLIENT_ID,
          accountId: context.oidc.session?.accountId ?? '',
        });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const provider = this.#provider;
    if (provider === undefined) return void response.writeHead(503).end();
    if (request.url?.startsWith('/interaction/')) {
      const login = { accountId: this.account?.sub ?? '' };
      void provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
      return;
    }
    if (this.forged !== undefined && request.url === '/token') this.#forge(response, this.forged);
    void provider.callback()(request, response);
  }

  #forge(response: ServerResponse, claims: Record<string, unknown>): void {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const end = response.end.bind(response);
    response.end = ((body: string | Buffer) => {
      const answer = JSON.parse(String(body)) as { id_token: string };
      const { alg = '', kid = '' } = decodeProtectedHeader(answer.id_token);
      void new SignJWT({ ...decodeJwt(answer.id_token), ...claims })
        .setProtectedHeader({ alg, kid })
        .sign(privateKey)
        .then((id_token) => {
          const text = JSON.stringify({ ...answer, id_token });
          response.setHeader('content-length', Buffer.byteLength(text));
          end(text);
        });
      return response;
    }) as typeof response.end;
  }
}
