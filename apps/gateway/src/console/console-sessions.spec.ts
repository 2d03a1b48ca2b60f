// Console sessions over HTTP: who is logged in, what a session may do, and what ends it.
import { newSecretKey } from '@millrace/domain';
import { createLogger } from '@millrace/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeUser, TEST_PASSWORD, TestBrowser } from '../testing/test-browser.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { Purges } from '../database/purges.ts';

const IDLE_MS = 3_600_000;
const MAX_MS = 7_200_000;
const ENV = {
  MILLRACE_CONSOLE_SESSION_IDLE_MS: String(IDLE_MS),
  MILLRACE_CONSOLE_SESSION_MAX_MS: String(MAX_MS),
  MILLRACE_MAX_CONSOLE_SESSIONS_PER_CALLER: '3',
  MILLRACE_API_WRONG_KEYS_PER_MINUTE: '1000',
  MILLRACE_LOGINS_PER_MINUTE_PER_ADDRESS: '1000',
};
const COOKIE = 'millrace_console';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;
const lines: string[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const logger = createLogger({
    service: 'gateway',
    level: 'debug',
    destination: { write: (line: string) => void lines.push(line) },
  });
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: ENV, logger });
  world = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const codeOf = ({ status, body }: Answer): [number, string | undefined] => [
  status,
  (body as { code?: string } | undefined)?.code,
];

async function browserWith(body: object): Promise<TestBrowser> {
  const browser = new TestBrowser(gateway);
  await browser.logIn(body);
  return browser;
}

/** As if so much time had passed since the sessions were made or used. */
const age = (id: string, column: 'last_used_at' | 'expires_at', ms: number): Promise<unknown> =>
  postgres.query(
    `UPDATE console_sessions SET ${column} = ${column} - interval '1 millisecond' * ${ms} WHERE id = '${id}'`,
  );

describe('log-in with an API key', () => {
  it('sets a cookie that scripts cannot read, and that other sites do not send', async () => {
    const browser = new TestBrowser(gateway);
    const answer = await browser.tryLogIn({ api_key: world.apiKey });
    expect(answer.status).toBe(201);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^millrace_console=mr_cs_\w{36}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=7200$/),
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({
      kind: 'api_key',
      user: null,
      api_key_id: world.apiKeyId,
      tenant_id: world.tenantId,
      role: null,
      scopes: ['*'],
      address: '127.0.0.1',
      current: true,
      csrf_token: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
  });

  it.each([['x-forwarded-proto', 'https'] as const, ['x-forwarded-proto', 'http, https'] as const])(
    'sets a cookie for https alone when a trusted proxy says that the client came by it (%s: %s)',
    async (name, value) => {
      const answer = await gateway.call('POST', '/v1/console_sessions', {
        key: '',
        body: { api_key: world.apiKey },
        headers: { [name]: value },
      });
      const [cookie = ''] = answer.headers.getSetCookie();
      expect(cookie).toMatch(
        /^__Host-millrace_console=mr_cs_\w+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=7200; Secure$/,
      );
      const pair = cookie.split(';')[0] ?? '';
      const current = (headers: Record<string, string>) =>
        gateway.call('GET', '/v1/console_sessions/current', { key: '', headers });
      expect((await current({ cookie: pair, [name]: value })).status).toBe(200);
      // Over http it counts under neither name.
      expect((await current({ cookie: pair })).status).toBe(401);
      expect((await current({ cookie: pair.replace('__Host-', ''), [name]: value })).status).toBe(401);
    },
  );

  it("gives exactly the rights of the key, and the operator's key those of the operator", async () => {
    const scopes = ['live_streams:read'];
    const body = { tenant_id: world.tenantId, name: 'reader', scopes };
    const { key } = await gateway.ok('POST', '/v1/api_keys', { body });
    const reader = await browserWith({ api_key: key });
    expect((await reader.call('GET', `/v1/live_streams/${world.streamId}`)).status).toBe(200);
    expect(codeOf(await reader.call('PATCH', `/v1/live_streams/${world.streamId}`, {}))).toEqual([
      403,
      'insufficient_scope',
    ]);
    expect(codeOf(await reader.call('GET', '/v1/rooms'))).toEqual([403, 'insufficient_scope']);
    const other = await makeWorld(gateway);
    expect(codeOf(await reader.call('GET', `/v1/live_streams/${other.streamId}`))).toEqual([404, 'not_found']);
    const operator = await browserWith({ api_key: gateway.operatorKey });
    expect(await operator.ok('GET', '/v1/console_sessions/current')).toMatchObject({
      kind: 'api_key',
      api_key_id: null,
      tenant_id: null,
      role: 'operator',
    });
    expect((await operator.call('GET', `/v1/live_streams/${other.streamId}`)).status).toBe(200);
    expect((await operator.call('POST', '/v1/tenants', { name: 'made in the console' })).status).toBe(201);
  });

  it('ends with the key: deleted, expired, narrowed, moved to other addresses, its tenant suspended', async () => {
    const own = await makeWorld(gateway);
    const make = async (): Promise<[string, TestBrowser]> => {
      const made = await gateway.ok('POST', '/v1/api_keys', { body: { tenant_id: own.tenantId, name: 'k' } });
      return [String(made['id']), await browserWith({ api_key: made['key'] })];
    };
    const list = async (browser: TestBrowser) => codeOf(await browser.call('GET', '/v1/live_streams'));
    const [deletedId, deleted] = await make();
    await gateway.ok('DELETE', `/v1/api_keys/${deletedId}`);
    expect(await list(deleted)).toEqual([401, 'unauthenticated']);
    const [rotatedId, rotated] = await make();
    await gateway.ok('POST', `/v1/api_keys/${rotatedId}/rotate`, { body: { grace_seconds: 0 } });
    expect(await list(rotated)).toEqual([401, 'unauthenticated']);
    const [changedId, changed] = await make();
    await gateway.ok('PATCH', `/v1/api_keys/${changedId}`, { body: { scopes: ['rooms:read'] } });
    expect(await list(changed)).toEqual([403, 'insufficient_scope']);
    await gateway.ok('PATCH', `/v1/api_keys/${changedId}`, { body: { allowed_addresses: ['192.0.2.0/24'] } });
    expect(await list(changed)).toEqual([403, 'address_not_allowed']);
    const [, suspended] = await make();
    await gateway.ok('POST', `/v1/tenants/${own.tenantId}/suspend`);
    expect(await list(suspended)).toEqual([403, 'tenant_suspended']);
    await gateway.ok('DELETE', `/v1/tenants/${own.tenantId}`);
    expect(await list(suspended)).toEqual([401, 'unauthenticated']);
  });

  it.each([
    ['a mistyped key', { api_key: 'mr_sk_x' }, 401, 'login_failed'],
    ['a key that was never issued', { api_key: newSecretKey('mr_sk') }, 401, 'login_failed'],
    ['a wrong operator key', { api_key: newSecretKey('mr_op') }, 401, 'login_failed'],
    ['a stream key', { api_key: newSecretKey('mr_st') }, 401, 'login_failed'],
    ['a code that was never made', { login_code: newSecretKey('mr_lc') }, 401, 'login_failed'],
    ['a mistyped code', { login_code: 'mr_lc_x' }, 401, 'login_failed'],
    ['nothing', {}, 400, 'invalid_request'],
    ['two ways at once', { api_key: 'x', login_code: 'y' }, 400, 'invalid_request'],
    ['no password', { email: 'a@b.example' }, 400, 'invalid_request'],
    ['a password alone', { password: 'x' }, 400, 'invalid_request'],
    ['a code without a password', { api_key: 'x', totp_code: '123456' }, 400, 'invalid_request'],
    ['an empty password', { email: 'a@b.example', password: '' }, 400, 'invalid_request'],
    ['a very long password', { email: 'a@b.example', password: 'x'.repeat(257) }, 400, 'invalid_request'],
    ['a long code', { email: 'a@b.example', password: 'x', totp_code: '1234567' }, 400, 'invalid_request'],
    ['an object for a password', { email: 'a@b.example', password: { $ne: '' } }, 400, 'invalid_request'],
    ['a list', [], 400, 'invalid_request'],
  ])('is refused with %s', async (_, body, status, code) => {
    const answer = await new TestBrowser(gateway).tryLogIn(body);
    expect(codeOf(answer)).toEqual([status, code]);
    expect(answer.headers.getSetCookie()).toEqual([]);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="millrace"');
  });
});

describe('a request with the cookie', () => {
  it('needs the CSRF token of its session to change something, and nothing to read', async () => {
    const browser = await browserWith({ api_key: world.apiKey });
    const other = await browserWith({ api_key: world.apiKey });
    const path = `/v1/live_streams/${world.streamId}`;
    expect((await browser.call('GET', path, undefined, { 'x-csrf-token': '' })).status).toBe(200);
    for (const token of ['', 'x', other.csrfToken, `${browser.csrfToken}=`, browser.csrfToken.slice(1)])
      for (const method of ['POST', 'PATCH', 'DELETE']) {
        const answer = await browser.call(method, method === 'POST' ? `${path}/disable` : path, undefined, {
          'x-csrf-token': token,
        });
        expect(codeOf(answer), `${method} ${token}`).toEqual([403, 'csrf_token_invalid']);
      }
    expect((await browser.call('POST', `${path}/disable`)).status).toBe(200);
    expect((await browser.call('POST', `${path}/enable`)).status).toBe(200);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port or subdomain', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['no origin at all', { origin: 'x' }],
  ])('is refused when it comes from %s', async (_, headers) => {
    const browser = await browserWith({ api_key: world.apiKey });
    const path = `/v1/live_streams/${world.streamId}`;
    for (const method of ['GET', 'PATCH'])
      expect(codeOf(await browser.call(method, path, method === 'GET' ? undefined : {}, headers))).toEqual([
        403,
        'cross_site_request',
      ]);
    // Neither can another site log a browser in.
    expect(codeOf(await browser.call('POST', '/v1/console_sessions', { api_key: world.apiKey }, headers))).toEqual([
      403,
      'cross_site_request',
    ]);
  });

  it('is served when the page is the own one', async () => {
    const browser = await browserWith({ api_key: world.apiKey });
    const path = `/v1/live_streams/${world.streamId}`;
    for (const origin of [gateway.url, gateway.url.replace('http:', 'https:'), 'http://localhost:8080']) {
      const headers = { origin, 'sec-fetch-site': 'same-origin' };
      expect((await browser.call('PATCH', path, {}, headers)).status, origin).toBe(200);
    }
    expect((await browser.call('GET', path, undefined, { 'sec-fetch-site': 'none' })).status).toBe(200);
    expect(codeOf(await browser.call('PATCH', path, {}, { 'sec-fetch-site': 'none' }))).toEqual([
      403,
      'cross_site_request',
    ]);
  });

  it('is judged by the Authorization header alone when there is one', async () => {
    const browser = await browserWith({ api_key: gateway.operatorKey });
    const path = '/v1/tenants';
    for (const authorization of ['Bearer x', 'Basic x', ''])
      expect((await browser.call('GET', path, undefined, { authorization })).status, authorization).toBe(401);
    const authorization = `Bearer ${world.apiKey}`;
    expect(codeOf(await browser.call('POST', path, { name: 'x' }, { authorization }))).toEqual([
      403,
      'insufficient_scope',
    ]);
    // Neither a token nor an origin is asked for.
    const headers = { authorization, 'x-csrf-token': '', origin: 'https://evil.example' };
    expect((await browser.call('PATCH', `/v1/live_streams/${world.streamId}`, {}, headers)).status).toBe(200);
  });

  it('is refused when the cookie is none of ours, or is there twice', async () => {
    const browser = await browserWith({ api_key: world.apiKey });
    const token = browser.cookies.get(COOKIE) ?? '';
    const get = (cookie: string) => gateway.call('GET', '/v1/live_streams', { key: '', headers: { cookie } });
    expect((await get(`a=b; ${COOKIE}=${token}; c=d`)).status).toBe(200);
    for (const cookie of [
      `${COOKIE}=`,
      `${COOKIE}=x`,
      `${COOKIE}=${newSecretKey('mr_cs')}`,
      `${COOKIE}=${world.apiKey}`,
      `${COOKIE}=${token}; ${COOKIE}=${token}`,
      `X${COOKIE}=${token}`,
      token,
    ])
      expect(codeOf(await get(cookie)), cookie.slice(0, 24)).toEqual([401, 'unauthenticated']);
  });

  it('follows events, until its session ends', async () => {
    const browser = await browserWith({ api_key: world.apiKey });
    const cookie = `${COOKIE}=${browser.cookies.get(COOKIE) ?? ''}`;
    const answer = await fetch(`${gateway.url}/v1/events/stream`, { headers: { cookie } });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await answer.body?.cancel();
  });
});

describe('a session', () => {
  it('is shown with its address and agent to its own key, to who may see users, and to no other caller', async () => {
    const own = await makeWorld(gateway);
    const body = { tenant_id: own.tenantId, name: 'reader', scopes: ['live_streams:read'] };
    const { key } = await gateway.ok('POST', '/v1/api_keys', { body });
    const first = new TestBrowser(gateway);
    const { id } = (
      await first.call('POST', '/v1/console_sessions', { api_key: key }, { 'user-agent': 'Lynx\u00e9/2' })
    ).body as { id: string };
    const second = await browserWith({ api_key: own.apiKey });
    const ids = (page: Record<string, unknown>) => (page['data'] as { id: string }[]).map((session) => session.id);
    const seen = await gateway.ok('GET', '/v1/console_sessions', { key: String(key) });
    expect(seen['data']).toMatchObject([{ id, address: '127.0.0.1', user_agent: 'Lynx/2', current: false }]);
    expect(ids(await second.ok('GET', '/v1/console_sessions'))).toHaveLength(2);
    expect(ids(await gateway.ok('GET', '/v1/console_sessions', { key: world.apiKey }))).not.toContain(id);
    expect(ids(await gateway.ok('GET', `/v1/console_sessions?tenant_id=${own.tenantId}`))).toHaveLength(2);
    const all = JSON.stringify(await gateway.ok('GET', '/v1/console_sessions?limit=100'));
    expect(all).not.toContain('mr_cs_');
    expect(all).not.toContain('csrf');
    // One who may see no users ends its own alone.
    const [current] = ids(await second.ok('GET', '/v1/console_sessions')).filter((other) => other !== id);
    expect((await gateway.call('DELETE', `/v1/console_sessions/${current ?? ''}`, { key: String(key) })).status).toBe(
      404,
    );
    expect((await second.call('DELETE', `/v1/console_sessions/${id}`)).status).toBe(204);
    expect((await second.call('DELETE', `/v1/console_sessions/${id}`)).status).toBe(404);
    expect(ids(await gateway.ok('GET', '/v1/console_sessions', { key: String(key) }))).toEqual([]);
  });

  it('ends when it logs out, and the browser forgets it', async () => {
    const browser = await browserWith({ api_key: world.apiKey });
    const token = browser.cookies.get(COOKIE) ?? '';
    const answer = await browser.call('DELETE', '/v1/console_sessions/current');
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()).toEqual([`${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`]);
    expect(browser.cookies.size).toBe(0);
    const headers = { cookie: `${COOKIE}=${token}` };
    expect((await gateway.call('GET', '/v1/console_sessions/current', { key: '', headers })).status).toBe(401);
    expect(codeOf(await gateway.call('GET', '/v1/console_sessions/current'))).toEqual([404, 'not_found']);
  });

  it('ends when it was not used for a while, and at its end however much it is used', async () => {
    const idle = new TestBrowser(gateway);
    const { id } = await idle.logIn({ api_key: world.apiKey });
    await age(id, 'last_used_at', IDLE_MS - 60_000);
    // The use is noted in the background.
    await until('the use was noted', async () => {
      const session = (await idle.ok('GET', '/v1/console_sessions/current')) as { expires_at: string };
      return Date.parse(session.expires_at) > Date.now() + IDLE_MS / 2;
    });
    await age(id, 'last_used_at', IDLE_MS);
    expect((await idle.call('GET', '/v1/console_sessions/current')).status).toBe(401);
    const old = new TestBrowser(gateway);
    const { id: oldId } = await old.logIn({ api_key: world.apiKey });
    await age(oldId, 'expires_at', MAX_MS);
    expect((await old.call('GET', '/v1/console_sessions/current')).status).toBe(401);
    await gateway.app.get(Purges, { strict: false }).run('old console sessions', Date.now());
    expect(await postgres.query(`SELECT id FROM console_sessions WHERE id IN ('${id}', '${oldId}')`)).toEqual([]);
  });

  it('of a caller that has too many replaces its oldest', async () => {
    const own = await makeWorld(gateway);
    const browsers: TestBrowser[] = [];
    for (let i = 0; i < 4; i++) browsers.push(await browserWith({ api_key: own.apiKey }));
    const statuses = [];
    for (const browser of browsers) statuses.push((await browser.call('GET', '/v1/console_sessions/current')).status);
    expect(statuses).toEqual([401, 200, 200, 200]);
  });
});

describe('a link that logs in once', () => {
  const make = async (key?: string) =>
    (await gateway.ok('POST', '/v1/console_logins', { ...(key !== undefined && { key }) })) as {
      login_code: string;
      url: string;
      expires_at: string;
    };

  it('opens the console with the rights of the key that made it, one time', async () => {
    const { login_code, url } = await make(world.apiKey);
    expect(url).toBe(`http://localhost:8080/console/#login=${login_code}`);
    const browser = new TestBrowser(gateway);
    expect(await browser.logIn({ login_code })).toMatchObject({
      tenant_id: world.tenantId,
      api_key_id: world.apiKeyId,
    });
    expect(codeOf(await new TestBrowser(gateway).tryLogIn({ login_code }))).toEqual([401, 'login_failed']);
    const operator = await make();
    expect(await new TestBrowser(gateway).logIn({ login_code: operator.login_code })).toMatchObject({
      role: 'operator',
    });
  });

  it('opens it once when it is used many times at the same moment', async () => {
    const { login_code } = await make();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => new TestBrowser(gateway).tryLogIn({ login_code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 401)]);
  });

  it('opens nothing when it is too old, or its key is gone', async () => {
    const old = await make();
    await postgres.query(`UPDATE one_time_links SET expires_at = now() - interval '1 second'`);
    expect(codeOf(await new TestBrowser(gateway).tryLogIn({ login_code: old.login_code }))).toEqual([
      401,
      'login_failed',
    ]);
    const made = await gateway.ok('POST', '/v1/api_keys', { body: { tenant_id: world.tenantId, name: 'gone' } });
    const link = await make(String(made['key']));
    await gateway.ok('DELETE', `/v1/api_keys/${String(made['id'])}`);
    expect(codeOf(await new TestBrowser(gateway).tryLogIn({ login_code: link.login_code }))).toEqual([
      401,
      'login_failed',
    ]);
  });

  it('is made with a key, not with a session: a stolen one would last for ever', async () => {
    const browser = await browserWith({ api_key: world.apiKey });
    expect(codeOf(await browser.call('POST', '/v1/console_logins'))).toEqual([403, 'insufficient_scope']);
  });
});

it('the log tells of log-ins, without a secret', async () => {
  const before = lines.length;
  await makeUser(gateway, { email: 'log@example.com', role: 'viewer', tenant_id: world.tenantId });
  const browser = new TestBrowser(gateway);
  await browser.tryLogIn({ email: 'log@example.com', password: 'this is not the one' });
  const { id } = await browser.logIn({ email: 'log@example.com', password: TEST_PASSWORD });
  const { login_code } = await gateway.ok('POST', '/v1/console_logins');
  await browser.logIn({ login_code });
  await browser.logIn({ api_key: world.apiKey });
  const text = lines.slice(before).join('');
  expect(text).toContain('console log-in failed');
  expect(text).toContain(`"session_id":"${id}"`);
  const secrets = [TEST_PASSWORD, 'this is not the one', String(login_code), world.apiKey, ...browser.cookies.values()];
  for (const secret of [...secrets, browser.csrfToken]) expect(text).not.toContain(secret);
  expect(lines.join('')).not.toMatch(/mr_(cs|lc|ul|sk|op)_/);
});
