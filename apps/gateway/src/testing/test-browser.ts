// What a browser does with the console: keeps cookies, and sends the CSRF token with what changes something.
import type { Answer, TestGateway } from './test-gateway.ts';

export interface LoggedIn {
  readonly id: string;
  readonly csrf_token: string;
  readonly role: string | null;
  readonly scopes: string[];
}

export class TestBrowser {
  readonly cookies = new Map<string, string>();
  csrfToken = '';
  readonly #gateway: TestGateway;

  constructor(gateway: TestGateway) {
    this.#gateway = gateway;
  }

  /** @throws when it is refused */
  async logIn(body: object): Promise<LoggedIn> {
    const answer = await this.tryLogIn(body);
    if (answer.status !== 201) throw new Error(`log-in answered ${answer.status}: ${answer.text}`);
    return answer.body as LoggedIn;
  }

  async tryLogIn(body: object): Promise<Answer> {
    const answer = await this.call('POST', '/v1/console_sessions', body);
    if (answer.status === 201) this.csrfToken = (answer.body as LoggedIn).csrf_token;
    return answer;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const own = { ...(cookie !== '' && { cookie }), ...(method !== 'GET' && { 'x-csrf-token': this.csrfToken }) };
    const answer = await this.#gateway.call(method, path, { key: '', body, headers: { ...own, ...headers } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split('=');
      if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** @throws when it is refused. @returns the body */
  async ok(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return (answer.body ?? {}) as Record<string, unknown>;
  }
}

export const TEST_PASSWORD = 'a quiet river bends';

/** Invites a user and sets its password. @returns its id */
export async function makeUser(
  gateway: TestGateway,
  body: { readonly email: string; readonly role: string; readonly tenant_id?: string },
  password = TEST_PASSWORD,
): Promise<string> {
  const made = await gateway.ok('POST', '/v1/users', { body });
  const { token } = made['link'] as { token: string };
  await gateway.ok('POST', '/v1/user_links/accept', { key: '', body: { token, password } });
  return String(made['id']);
}
