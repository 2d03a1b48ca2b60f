// Users over HTTP: invitation, password, roles, one-time codes, and what a stranger learns.
import { newSecretKey } from '@millrace/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopesOfRole } from '../auth/roles.ts';
import { makeUser, TEST_PASSWORD, TestBrowser } from '../testing/test-browser.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { totpCode, totpStep } from './totp.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const env = {
    ...PEPPER,
    MILLRACE_LOGINS_PER_MINUTE_PER_ADDRESS: '1000',
    MILLRACE_LOGINS_PER_MINUTE_PER_ACCOUNT: '40',
    MILLRACE_MAX_USERS_PER_TENANT: '10',
  };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
  world = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

/** Gateways that share a database share this. */
const PEPPER = { MILLRACE_KEY_PEPPER: 'a pepper that is long enough to be one' };

const codeOf = ({ status, body }: Answer): [number, string | undefined] => [
  status,
  (body as { code?: string } | undefined)?.code,
];
const faultOf = ({ body }: Answer): { pointer: string; detail: string } | undefined =>
  (body as { errors?: { pointer: string; detail: string }[] }).errors?.[0];
const post = (path: string, body: unknown, key?: string): Promise<Answer> =>
  gateway.call('POST', path, { body, ...(key !== undefined && { key }) });
const accept = (token: string, password = TEST_PASSWORD): Promise<Answer> =>
  post('/v1/user_links/accept', { token, password }, '');

async function loggedIn(email: string, password = TEST_PASSWORD): Promise<TestBrowser> {
  const browser = new TestBrowser(gateway);
  await browser.logIn({ email, password });
  return browser;
}

const invite = async (email: string, role = 'member', tenant_id: string | undefined = world.tenantId) =>
  (await gateway.ok('POST', '/v1/users', { body: { email, role, ...(tenant_id !== '' && { tenant_id }) } })) as {
    id: string;
    status: string;
    link: { url: string; token: string; expires_at: string };
  };

describe('an invitation', () => {
  it('is a link by which the user sets a password, and logs in', async () => {
    const { id, status, link } = await invite('Ann@Mill.example');
    expect(status).toBe('invited');
    expect(link.url).toBe(`http://localhost:8080/console/#invitation=${link.token}`);
    const inspected = await post('/v1/user_links/inspect', { token: link.token }, '');
    expect(inspected.body).toEqual({
      kind: 'invitation',
      email: 'ann@mill.example',
      name: 'ann@mill.example',
      tenant_name: 'a tenant',
      expires_at: link.expires_at,
    });
    const accepted = await post(
      '/v1/user_links/accept',
      { token: link.token, password: TEST_PASSWORD, name: 'Ann' },
      '',
    );
    expect([accepted.status, accepted.body]).toEqual([200, { email: 'ann@mill.example' }]);
    const audit = await gateway.call('GET', `/v1/audit_events?action=user_link.accept&object_id=${id}`);
    expect(audit.body).toMatchObject({
      data: [
        {
          actor: { type: 'user', id, name: 'ann@mill.example' },
          tenant_id: world.tenantId,
          before: { status: 'invited' },
          after: { status: 'active', name: 'Ann' },
        },
      ],
    });
    expect(audit.text).not.toContain(TEST_PASSWORD);
    const browser = new TestBrowser(gateway);
    expect(await browser.logIn({ email: 'ANN@mill.example', password: TEST_PASSWORD })).toMatchObject({
      kind: 'user',
      user: { id, email: 'ann@mill.example', name: 'Ann', totp_enabled: false },
      tenant_id: world.tenantId,
      role: 'member',
      scopes: scopesOfRole('member'),
    });
    const user = await gateway.ok('GET', `/v1/users/${id}`);
    expect(user).toMatchObject({ status: 'active', last_login_at: expect.any(String) as string });
    expect(JSON.stringify(user)).not.toMatch(/argon2|mr_ul|password/);
  });

  it('works once, also when it is used many times at the same moment', async () => {
    const { link } = await invite('race@mill.example');
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => accept(link.token, `${TEST_PASSWORD} ${i}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410, 410, 410]);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(
      (await new TestBrowser(gateway).tryLogIn({ email: 'race@mill.example', password: `${TEST_PASSWORD} ${winner}` }))
        .status,
    ).toBe(201);
  });

  it('works no more when it is too old, was replaced, or its user is gone', async () => {
    const old = await invite('old@mill.example');
    const next = (await gateway.ok('POST', `/v1/users/${old.id}/password_link`)) as { url: string; token: string };
    expect(next.url).toContain('#invitation=');
    expect(codeOf(await accept(old.link.token))).toEqual([410, 'link_invalid']);
    await postgres.query(`UPDATE one_time_links SET expires_at = now() WHERE user_id = '${old.id}'`);
    expect(codeOf(await accept(next.token))).toEqual([410, 'link_invalid']);
    const gone = await invite('gone@mill.example');
    await gateway.ok('DELETE', `/v1/users/${gone.id}`);
    expect(codeOf(await accept(gone.link.token))).toEqual([410, 'link_invalid']);
    for (const token of ['x', newSecretKey('mr_ul'), newSecretKey('mr_lc')])
      for (const action of ['inspect', 'accept']) {
        const body = { token, ...(action === 'accept' && { password: TEST_PASSWORD }) };
        expect(codeOf(await post(`/v1/user_links/${action}`, body, ''))).toEqual([410, 'link_invalid']);
      }
    // A link that logs in is no invitation, and the other way round.
    const { login_code } = await gateway.ok('POST', '/v1/console_logins');
    expect(codeOf(await accept(String(login_code)))).toEqual([410, 'link_invalid']);
    const fresh = await gateway.ok('POST', `/v1/users/${old.id}/password_link`);
    expect(codeOf(await new TestBrowser(gateway).tryLogIn({ login_code: fresh['token'] }))).toEqual([
      401,
      'login_failed',
    ]);
    await gateway.ok('DELETE', `/v1/users/${old.id}`);
  });

  it.each([
    ['short', 'eleven char'],
    ['long', 'abcdefg '.repeat(33)],
    ['one of the usual ones', 'password1234'],
    ['the email address', 'rules@mill.example'],
  ])('takes no password that is %s, and remains', async (_, password) => {
    const { id, link } = await invite('rules@mill.example');
    const answer = await accept(link.token, password);
    expect([answer.status, faultOf(answer)?.pointer]).toEqual([400, '/password']);
    expect((await accept(link.token)).status).toBe(200);
    await gateway.ok('DELETE', `/v1/users/${id}`);
  });

  it.each([
    [{ email: 'nobody', role: 'member' }, '/email'],
    [{ email: 'a b@c.example', role: 'member' }, '/email'],
    [{ email: `${'x'.repeat(250)}@c.example`, role: 'member' }, '/email'],
    [{ email: 'a@c.example', role: 'admin' }, '/role'],
    [{ email: 'a@c.example' }, '/role'],
    [{ email: 'a@c.example', role: 'member', tenant_id: undefined }, '/tenant_id'],
    [{ email: 'a@c.example', role: 'member', name: 'a\nb' }, '/name'],
    [{ email: 'a@c.example', role: 'operator' }, '/tenant_id'],
  ])('is refused for %j', async (fields, pointer) => {
    const answer = await post('/v1/users', { tenant_id: world.tenantId, ...fields });
    expect([answer.status, faultOf(answer)?.pointer]).toEqual([400, pointer]);
  });

  it('is for one user of an address in a tenant; other tenants learn nothing of it', async () => {
    const other = await makeWorld(gateway);
    await invite('twice@mill.example');
    expect(
      codeOf(await post('/v1/users', { tenant_id: world.tenantId, email: 'TWICE@mill.example', role: 'viewer' })),
    ).toEqual([409, 'conflict']);
    const there = await invite('twice@mill.example', 'owner', other.tenantId);
    await accept(there.link.token, 'another quiet river');
    const browser = await loggedIn('twice@mill.example', 'another quiet river');
    expect(await browser.ok('GET', '/v1/console_sessions/current')).toMatchObject({
      tenant_id: other.tenantId,
      role: 'owner',
    });
    const races = await Promise.all(
      Array.from({ length: 5 }, () =>
        post('/v1/users', { tenant_id: other.tenantId, email: 'race@x.example', role: 'viewer' }),
      ),
    );
    expect(races.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it('may be made so often as a tenant may have users', async () => {
    const other = await makeWorld(gateway);
    const answers = [];
    for (let i = 0; i < 11; i++)
      answers.push(await post('/v1/users', { email: `user${i}@x.example`, role: 'viewer' }, other.apiKey));
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 201), 409]);
    expect(codeOf(answers[10]!)).toEqual([409, 'quota_exceeded']);
  });
});

describe('log-in with a password', () => {
  it('tells a stranger nothing: one answer for an unknown address, a wrong password, an invited and a disabled user', async () => {
    const own = await makeWorld(gateway);
    await makeUser(gateway, { email: 'known@x.example', role: 'viewer', tenant_id: own.tenantId });
    await invite('invited@x.example', 'viewer', own.tenantId);
    const disabled = await makeUser(gateway, { email: 'disabled@x.example', role: 'viewer', tenant_id: own.tenantId });
    await gateway.ok('PATCH', `/v1/users/${disabled}`, { body: { status: 'disabled' } });
    const answers = [];
    for (const [email, password] of [
      ['unknown@x.example', TEST_PASSWORD],
      ['known@x.example', 'a wrong one'],
      ['invited@x.example', TEST_PASSWORD],
      ['disabled@x.example', TEST_PASSWORD],
    ]) {
      const { status, body, headers } = await new TestBrowser(gateway).tryLogIn({ email, password });
      answers.push({
        status,
        headers: [...headers.keys()].filter((name) => name !== 'date'),
        ...(body as object),
        request_id: '',
      });
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    // The tenant sees the attempt at its own user, and the log-ins.
    const refused = await until('the refused log-in is recorded', async () => {
      const page = await gateway.ok('GET', '/v1/audit_events?action=console_session.refuse', { key: own.apiKey });
      return (page['data'] as object[]).length > 0 && page['data'];
    });
    expect(refused).toMatchObject([{ actor: { type: 'user', name: 'known@x.example' }, address: '127.0.0.1' }]);
    await loggedIn('known@x.example');
    const created = await gateway.ok('GET', '/v1/audit_events?action=console_session.create', { key: own.apiKey });
    expect(created['data']).toMatchObject([
      { actor: { type: 'user', name: 'known@x.example' }, tenant_id: own.tenantId },
    ]);
    const invited = await gateway.call('GET', '/v1/audit_events?action=user.create', { key: own.apiKey });
    expect(invited.text).toContain('invited@x.example');
    expect(invited.text).not.toContain('mr_ul_');
    expect(answers[0]).toMatchObject({ status: 401, code: 'login_failed' });
  });

  it('is slowed by account; the browser that was there before goes on', async () => {
    const own = await makeWorld(gateway);
    await makeUser(gateway, { email: 'slow@x.example', role: 'viewer', tenant_id: own.tenantId });
    const env = { MILLRACE_LOGINS_PER_MINUTE_PER_ACCOUNT: '2', MILLRACE_OPERATOR_KEY: gateway.operatorKey };
    const slow = await TestGateway.start({ databaseUrl: postgres.url(), env: { ...PEPPER, ...env } });
    try {
      const owner = new TestBrowser(slow);
      await owner.logIn({ email: 'slow@x.example', password: TEST_PASSWORD });
      const guess = () => new TestBrowser(slow).tryLogIn({ email: 'slow@x.example', password: 'a guess' });
      const guesses = await Promise.all([1, 2, 3].map(guess));
      const refused = guesses.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(codeOf(refused[0]!)).toEqual([429, 'too_many_requests']);
      expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await owner.tryLogIn({ email: 'slow@x.example', password: TEST_PASSWORD })).status).toBe(201);
    } finally {
      await slow.close();
    }
  });
});

describe('a role', () => {
  it('gives what it says, from the next request on', async () => {
    const id = await makeUser(gateway, { email: 'role@x.example', role: 'viewer', tenant_id: world.tenantId });
    const browser = await loggedIn('role@x.example');
    const stream = `/v1/live_streams/${world.streamId}`;
    const can = async (method: string, path: string, body?: object) => (await browser.call(method, path, body)).status;
    expect([await can('GET', stream), await can('PATCH', stream, {}), await can('GET', '/v1/users')]).toEqual([
      200, 403, 403,
    ]);
    await gateway.ok('PATCH', `/v1/users/${id}`, { body: { role: 'member' } });
    expect([await can('PATCH', stream, {}), await can('GET', '/v1/users')]).toEqual([200, 403]);
    await gateway.ok('PATCH', `/v1/users/${id}`, { body: { role: 'owner', name: 'Olga' } });
    expect([await can('GET', '/v1/users'), await can('POST', '/v1/tenants', { name: 'x' })]).toEqual([200, 403]);
    await gateway.ok('PATCH', `/v1/users/${id}`, { body: { status: 'disabled' } });
    expect(await can('GET', stream)).toBe(401);
    expect(codeOf(await post(`/v1/users/${id}/password_link`, {}))).toEqual([409, 'conflict']);
    await gateway.ok('PATCH', `/v1/users/${id}`, { body: { status: 'active' } });
    // The sessions from before were ended.
    expect(await can('GET', stream)).toBe(401);
    expect(await (await loggedIn('role@x.example')).ok('GET', '/v1/console_sessions/current')).toMatchObject({
      role: 'owner',
      user: { name: 'Olga' },
    });
    const answer = await gateway.call('PATCH', `/v1/users/${id}`, { body: { role: 'operator' } });
    expect([answer.status, faultOf(answer)?.pointer]).toEqual([400, '/role']);
  });

  it('is never more than the caller has', async () => {
    const own = await makeWorld(gateway);
    const key = async (...scopes: string[]) =>
      String(
        (await gateway.ok('POST', '/v1/api_keys', { body: { tenant_id: own.tenantId, name: 'k', scopes } }))['key'],
      );
    const users = await key('users:read', 'users:write');
    for (const role of ['viewer', 'owner', 'operator'])
      expect(codeOf(await post('/v1/users', { email: `${role}@x.example`, role }, users))).toEqual([
        403,
        'insufficient_scope',
      ]);
    const owner = await makeUser(gateway, { email: 'owner@own.example', role: 'owner', tenant_id: own.tenantId });
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'x' }],
      ['DELETE', '', undefined],
      ['POST', '/password_link', {}],
      ['DELETE', '/totp', undefined],
    ] as const)
      expect(codeOf(await gateway.call(method, `/v1/users/${owner}${path}`, { key: users, body }))).toEqual([
        403,
        'insufficient_scope',
      ]);
    expect(codeOf(await post('/v1/users', { email: 'op@x.example', role: 'operator' }, own.apiKey))).toEqual([
      403,
      'insufficient_scope',
    ]);
    const browser = await loggedIn('owner@own.example');
    expect((await browser.call('POST', '/v1/users', { email: 'new@x.example', role: 'owner' })).status).toBe(201);
    const viewerKey = await key(...scopesOfRole('viewer'), 'users:write');
    expect((await post('/v1/users', { email: 'by-key@x.example', role: 'viewer' }, viewerKey)).status).toBe(201);
  });

  it('of an operator reaches every tenant, and tenants do not see it', async () => {
    const { id, link } = await invite('op@millrace.example', 'operator', '');
    await accept(link.token);
    const browser = await loggedIn('op@millrace.example');
    expect(await browser.ok('GET', '/v1/console_sessions/current')).toMatchObject({
      role: 'operator',
      tenant_id: null,
      scopes: ['*'],
    });
    expect((await browser.call('GET', `/v1/live_streams/${world.streamId}`)).status).toBe(200);
    expect((await browser.call('POST', '/v1/tenants', { name: 'by an operator' })).status).toBe(201);
    expect((await gateway.call('GET', `/v1/users/${id}`, { key: world.apiKey })).status).toBe(404);
    expect((await gateway.call('GET', '/v1/users', { key: world.apiKey })).text).not.toContain('op@millrace.example');
    expect(codeOf(await gateway.call('PATCH', `/v1/users/${id}`, { body: { role: 'owner' } }))).toEqual([
      400,
      'invalid_request',
    ]);
  });
});

describe('a password', () => {
  it('is changed with the old one, which ends the other sessions', async () => {
    const email = 'change@x.example';
    const id = await makeUser(gateway, { email, role: 'viewer', tenant_id: (await makeWorld(gateway)).tenantId });
    const [browser, other] = [await loggedIn(email), await loggedIn(email)];
    const change = (body: object) => browser.call('POST', `/v1/users/${id}/password`, body);
    const next = 'another quiet river';
    expect(codeOf(await change({ current_password: 'wrong', new_password: next }))).toEqual([401, 'login_failed']);
    const weak = await change({ current_password: TEST_PASSWORD, new_password: 'passwordpassword' });
    expect([weak.status, faultOf(weak)?.pointer]).toEqual([400, '/new_password']);
    expect((await change({ current_password: TEST_PASSWORD, new_password: next })).status).toBe(204);
    expect((await browser.call('GET', '/v1/live_streams')).status).toBe(200);
    expect((await other.call('GET', '/v1/live_streams')).status).toBe(401);
    expect((await new TestBrowser(gateway).tryLogIn({ email, password: TEST_PASSWORD })).status).toBe(401);
    expect((await new TestBrowser(gateway).tryLogIn({ email, password: next })).status).toBe(201);
    // No other caller changes it in this way, whatever its rights.
    const body = { current_password: next, new_password: TEST_PASSWORD };
    expect(codeOf(await post(`/v1/users/${id}/password`, body))).toEqual([404, 'not_found']);
  });

  it('is set anew by a link, which ends all sessions', async () => {
    const email = 'reset@x.example';
    const id = await makeUser(gateway, { email, role: 'viewer', tenant_id: (await makeWorld(gateway)).tenantId });
    const browser = await loggedIn(email);
    const { url, token } = (await gateway.ok('POST', `/v1/users/${id}/password_link`)) as {
      url: string;
      token: string;
    };
    expect(url).toBe(`http://localhost:8080/console/#reset=${token}`);
    expect((await browser.call('GET', '/v1/live_streams')).status).toBe(200);
    expect((await accept(token, 'another quiet river')).status).toBe(200);
    expect((await browser.call('GET', '/v1/live_streams')).status).toBe(401);
    await loggedIn(email, 'another quiet river');
  });
});

describe('an authenticator app', () => {
  const email = 'totp@x.example';
  let id: string;
  let browser: TestBrowser;
  let secret: string;
  let recovery: string[];
  const now = () => totpCode(secret, totpStep(Date.now()));
  const logIn = (more: object) => new TestBrowser(gateway).tryLogIn({ email, password: TEST_PASSWORD, ...more });
  /** As if the codes up to now had not been used. */
  const forgetStep = () => postgres.query(`UPDATE users SET totp_last_step = 0 WHERE id = '${id}'`);

  beforeAll(async () => {
    id = await makeUser(gateway, { email, role: 'owner', tenant_id: (await makeWorld(gateway)).tenantId });
    browser = await loggedIn(email);
  });

  it('counts once a code of it was shown', async () => {
    const path = `/v1/users/${id}/totp`;
    expect(codeOf(await browser.call('POST', path, { password: 'wrong' }))).toEqual([401, 'login_failed']);
    expect(codeOf(await browser.call('POST', `${path}/verify`, { code: '000000' }))).toEqual([409, 'conflict']);
    const enrolled = (await browser.ok('POST', path, { password: TEST_PASSWORD })) as {
      secret: string;
      otpauth_url: string;
    };
    secret = enrolled.secret;
    expect(enrolled.otpauth_url).toContain(`secret=${secret}`);
    expect((await logIn({})).status).toBe(201);
    expect(codeOf(await browser.call('POST', `${path}/verify`, { code: 'abcdef' }))).toEqual([400, 'invalid_request']);
    const wrong = String((Number(now()) + 1) % 1_000_000).padStart(6, '0');
    expect(codeOf(await browser.call('POST', `${path}/verify`, { code: wrong }))).toEqual([401, 'login_failed']);
    const verified = await Promise.all([1, 2].map(() => browser.call('POST', `${path}/verify`, { code: now() })));
    expect(verified.map(({ status }) => status).sort()).toEqual([200, 409]);
    recovery = (verified.find(({ status }) => status === 200)?.body as { recovery_codes: string[] }).recovery_codes;
    expect(recovery).toHaveLength(10);
    expect(await gateway.ok('GET', `/v1/users/${id}`)).toMatchObject({ totp_enabled: true });
    expect(codeOf(await browser.call('POST', path, { password: TEST_PASSWORD }))).toEqual([409, 'conflict']);
  });

  it('is asked for after the right password alone', async () => {
    expect(codeOf(await logIn({}))).toEqual([401, 'totp_required']);
    expect(codeOf(await logIn({ password: 'wrong', totp_code: now() }))).toEqual([401, 'login_failed']);
    const wrong = String((Number(now()) + 1) % 1_000_000).padStart(6, '0');
    expect(codeOf(await logIn({ totp_code: wrong }))).toEqual([401, 'login_failed']);
  });

  it('shows codes of which each is accepted once, also when it comes twice at the same moment', async () => {
    await forgetStep();
    const code = now();
    const answers = await Promise.all([1, 2, 3].map(() => logIn({ totp_code: code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
    expect(codeOf(await logIn({ totp_code: code }))).toEqual([401, 'login_failed']);
  });

  it('is replaced by a recovery code, of which each is accepted once', async () => {
    const [code = ''] = recovery;
    const answers = await Promise.all([1, 2].map(() => logIn({ recovery_code: code.toUpperCase().replace('-', ' ') })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401]);
    expect((await logIn({ recovery_code: recovery[1] })).status).toBe(201);
    expect((await logIn({ recovery_code: 'xxxxx-xxxxx' })).status).toBe(401);
  });

  it('is disabled with the password and a code, or by a manager of users', async () => {
    const path = `/v1/users/${id}/totp`;
    expect(codeOf(await browser.call('POST', `${path}/disable`, { password: TEST_PASSWORD }))).toEqual([
      401,
      'login_failed',
    ]);
    const body = { password: TEST_PASSWORD, recovery_code: recovery[2] };
    expect(codeOf(await browser.call('POST', `${path}/disable`, { ...body, password: 'x' }))).toEqual([
      401,
      'login_failed',
    ]);
    expect((await browser.call('POST', `${path}/disable`, body)).status).toBe(204);
    expect((await logIn({})).status).toBe(201);
    const again = await browser.ok('POST', path, { password: TEST_PASSWORD });
    secret = String(again['secret']);
    await browser.ok('POST', `${path}/verify`, { code: now() });
    expect(codeOf(await logIn({}))).toEqual([401, 'totp_required']);
    await gateway.ok('DELETE', path);
    expect((await logIn({})).status).toBe(201);
    expect(codeOf(await post(`${path}/disable`, body))).toEqual([404, 'not_found']);
  });

  it('survives a new password', async () => {
    const path = `/v1/users/${id}/totp`;
    secret = String((await browser.ok('POST', path, { password: TEST_PASSWORD }))['secret']);
    await browser.ok('POST', `${path}/verify`, { code: now() });
    const { token } = await gateway.ok('POST', `/v1/users/${id}/password_link`);
    await accept(String(token));
    expect(codeOf(await logIn({}))).toEqual([401, 'totp_required']);
  });
});
