// One log-in at the identity provider as a browser makes it, each step by itself, so that a test can change what is passed on.
interface SessionAnswer {
  readonly code?: string;
  readonly role?: string | null;
}

export class OidcAttempt {
  /** What the provider sent the browser back with. */
  response = new URLSearchParams();
  #session = '';

  private constructor(
    readonly origin: string,
    readonly authorizationUrl: URL,
    /** Ties the answer to the browser. */
    public cookie: string,
  ) {}

  static async begin(origin: string): Promise<OidcAttempt> {
    const answer = await fetch(`${origin}/v1/oidc_logins`, { method: 'POST' });
    const body = (await answer.json()) as { authorization_url?: string };
    if (body.authorization_url === undefined) throw new Error(`no log-in was begun: ${JSON.stringify(body)}`);
    return new OidcAttempt(origin, new URL(body.authorization_url), cookiesIn(answer));
  }

  /** Follows the redirects until they lead back. */
  async visitProvider(): Promise<void> {
    const cookies = new Map<string, string>();
    let url = this.authorizationUrl;
    while (!url.href.startsWith(this.origin)) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`${url.href} answered ${answer.status}: ${await answer.text()}`);
      for (const pair of cookiesIn(answer).split('; ')) {
        const [name = '', ...value] = pair.split('=');
        cookies.set(name, value.join('='));
      }
      url = new URL(location, url);
    }
    this.response = url.searchParams;
  }

  /** Logs in with the answer of the provider, which is asked now if it was not before. */
  async finish(): Promise<{ readonly status: number; readonly body: SessionAnswer }> {
    if (this.response.size === 0) await this.visitProvider();
    const answer = await fetch(`${this.origin}/v1/console_sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: this.cookie },
      body: JSON.stringify({ oidc_response: this.response.toString() }),
    });
    this.#session = cookiesIn(answer);
    return { status: answer.status, body: (await answer.json()) as SessionAnswer };
  }

  async isLoggedIn(): Promise<boolean> {
    const answer = await fetch(`${this.origin}/v1/console_sessions/current`, { headers: { cookie: this.#session } });
    return answer.status === 200;
  }
}

const cookiesIn = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0] ?? '')
    .join('; ');
