// Access to every route of the running server, whichever module added it.
import { newId, newSecretKey } from '@millrace/domain';
import type { FastifyInstance } from 'fastify';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopesOfRole, TENANT_ROLES } from '../auth/roles.ts';
import { SCOPES } from '../auth/scopes.ts';
import { makeRoomWorld } from '../testing/room-world.ts';
import type { RoomWorld } from '../testing/room-world.ts';
import { makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { makeUser, TEST_PASSWORD, TestBrowser } from '../testing/test-browser.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { makeWebhookWorld, WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';
import type { WebhookWorld } from '../testing/webhook-world.ts';
import type { KnownRoute } from '../http/route-table.ts';

/** A public address that no edge of a test pulls. */
const CAMERA = 'rtsp://93.184.216.34/door';

type Everything = World & RoomWorld & WebhookWorld & PlaybackWorld & ConsoleWorld;

interface PlaybackWorld {
  readonly playbackKeyId: string;
  readonly playbackRestrictionId: string;
  readonly ingestSourceId: string;
  readonly simulcastTargetId: string;
}
interface ConsoleWorld {
  readonly userId: string;
  readonly consoleSessionId: string;
}

/** All public routes. A route that is not listed here must refuse a request without a key. */
const PUBLIC = [
  '/',
  '/assets/console/:file',
  '/call/:room',
  '/check',
  '/console',
  '/console/*',
  '/console/assets/:file',
  '/dash/:playback_id/:file',
  '/dash/:playback_id/time',
  '/docs',
  '/docs/assets/:file',
  '/docs/errors',
  '/hls/:playback_id/:file',
  '/hls/:playback_id/keys/:number',
  '/live/:file',
  '/openapi.json',
  '/watch/:playback_id',
  '/watch/:playback_id/info',
  '/watch/:playback_id/short_token',
];

/** Those behind the guard that need no key: what their body contains proves who asks. */
const PUBLIC_OPERATIONS = [
  'POST /v1/GetClientConfiguration',
  'POST /v1/console_sessions',
  'POST /v1/oidc_logins',
  'POST /v1/user_links/accept',
  'POST /v1/user_links/inspect',
];

/** For every caller, whatever its scopes: what is the caller's own. */
const OWN_OPERATIONS = [
  'DELETE /v1/console_sessions/:console_session_id',
  'DELETE /v1/console_sessions/current',
  'GET /v1/console_sessions',
  'GET /v1/console_sessions/current',
  'POST /v1/console_logins',
  'POST /v1/users/:user_id/password',
  'POST /v1/users/:user_id/totp',
  'POST /v1/users/:user_id/totp/disable',
  'POST /v1/users/:user_id/totp/verify',
];

const TARGET = { url: 'rtmp://live.example.com/app', stream_key: 'x' };

const mistyped = (key: string): string => `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`;

let postgres: TestPostgres;
let gateway: TestGateway;
let a: Everything;
let b: Everything;
let routes: readonly KnownRoute[];
let sessionOfB: string;
/** One of each tenant. */
const auditEventIds = new Map<string, string>();

beforeAll(async () => {
  postgres = await TestPostgres.create();
  // How fast routes may be walked is not what is tested.
  const env = { ...WEBHOOKS_ON_LOOPBACK, MILLRACE_API_WRITE_BURST_PER_TENANT: '100000' };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
  [a, b] = [await makeAll(), await makeAll()];
  for (const { tenantId, apiKey: key } of [a, b]) {
    const { data } = await gateway.ok('GET', '/v1/audit_events?limit=1', { key });
    auditEventIds.set(tenantId, (data as { id: string }[])[0]?.id ?? '');
  }
  sessionOfB = (await makeSession(b)).id;
  const server: FastifyInstance = gateway.app.getHttpAdapter().getInstance();
  routes = server.routeTable.all;
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

async function makeAll(): Promise<Everything> {
  const world = await makeWorld(gateway);
  const made = async (path: string, body = {}): Promise<string> =>
    String((await gateway.ok('POST', path, { key: world.apiKey, body }))['id']);
  const playback = {
    playbackKeyId: await made('/v1/playback_keys'),
    playbackRestrictionId: await made('/v1/playback_restrictions'),
    ingestSourceId: await made(`/v1/live_streams/${world.streamId}/ingest_sources`, { url: CAMERA }),
    simulcastTargetId: await made(`/v1/live_streams/${world.streamId}/simulcast_targets`, TARGET),
  };
  const rooms = await makeRoomWorld(gateway, world);
  const webhooks = await makeWebhookWorld(gateway, world);
  return { ...world, ...rooms, ...webhooks, ...playback, ...(await makeConsoleWorld(world)) };
}

async function makeConsoleWorld({ tenantId, apiKey }: World): Promise<ConsoleWorld> {
  const email = `${tenantId}@mill.example`;
  const userId = await makeUser(gateway, { email, role: 'viewer', tenant_id: tenantId });
  const { id: consoleSessionId } = await new TestBrowser(gateway).logIn({ api_key: apiKey });
  return { userId, consoleSessionId };
}

/** An address of the route, with the ids of this world in its path. */
function fill(url: string, world: Everything, sessionId = newId('ses')): string {
  const ids: Record<string, string> = {
    ':tenant_id': world.tenantId,
    ':api_key_id': world.apiKeyId,
    ':live_stream_id': world.streamId,
    ':stream_key_id': world.streamKeyId,
    ':playback_id': world.playbackId,
    ':session_id': sessionId,
    ':room_id': world.roomId,
    ':participant_id': world.participantId,
    ':signing_key_id': world.signingKeyId,
    ':ice_servers_id': world.iceServersId,
    ':event_id': world.eventId,
    ':webhook_endpoint_id': world.webhookEndpointId,
    ':webhook_delivery_id': world.webhookDeliveryId,
    ':playback_key_id': world.playbackKeyId,
    ':playback_restriction_id': world.playbackRestrictionId,
    ':ingest_source_id': world.ingestSourceId,
    ':simulcast_target_id': world.simulcastTargetId,
    ':audit_event_id': auditEventIds.get(world.tenantId) ?? newId('aud'),
    ':user_id': world.userId,
    ':console_session_id': world.consoleSessionId,
  };
  return url.replaceAll(/:\w+/g, (name) => ids[name] ?? 'x');
}

const guarded = (): [string, string][] =>
  routes
    .filter(({ isPublic }) => !isPublic)
    .flatMap(({ url, methods }) => methods.map((method): [string, string] => [method, url]))
    .filter(([method, url]) => !PUBLIC_OPERATIONS.includes(`${method} ${url}`));

describe('without a key', () => {
  it('the public routes are these, and no others', () => {
    const urls = routes.filter(({ isPublic }) => isPublic).map(({ url }) => url);
    const folded = urls.map((url) => url.replace(/^(\/assets\/console|\/docs\/assets)\/.+/, '$1/:file'));
    expect([...new Set(folded)].sort()).toEqual(PUBLIC);
  });

  it.each(PUBLIC_OPERATIONS)(
    '%s is behind the guard and lets every caller in, who must then show something',
    async (name) => {
      const [method = '', url = ''] = name.split(' ');
      expect(routes.some(({ url: each, methods }) => each === url && methods.includes(method))).toBe(true);
      // This server has no identity provider.
      const expected = url === '/v1/oidc_logins' ? 404 : 400;
      expect((await gateway.call(method, url, { key: '', body: {} })).status).toBe(expected);
    },
  );

  it('every other route answers 401, whatever the method', async () => {
    expect(guarded().length).toBeGreaterThan(30);
    for (const [method, url] of guarded()) {
      const answer = await gateway.call(method, fill(url, a), { key: '' });
      expect(answer.status, `${method} ${url}`).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="millrace"');
    }
  });

  it('no other spelling of a path gets around the guard', async () => {
    const spellings = [
      (path: string) =>
        path
          .replace('/v1/t', '/v1/%74')
          .replace('/v1/l', '/v1/%6c')
          .replace('/v1/s', '/v1/%73')
          .replace('/v1/a', '/v1/%61')
          .replace('/v1/r', '/v1/%72')
          .replace('/v1/i', '/v1/%69'),
      (path: string) => path.replace('/v1', '//v1'),
      (path: string) => path.replace('/v1/', '/v1//'),
      (path: string) => path.replace('/v1/', '/./v1/'),
      (path: string) => path.replace('/v1/', '/x/../v1/'),
      (path: string) => path.replace('/v1/', '/x/%2e%2e/v1/'),
      (path: string) => `${path};x`,
      (path: string) => `${path}/`,
      (path: string) => `${path}?`,
      (path: string) => `${path}%20`,
      (path: string) => `${path}%00`,
      (path: string) => path.toUpperCase(),
      (path: string) => path.replace('/v1', '/V1'),
      (path: string) => `http://127.0.0.1${path}`,
      (path: string) => `*${path.slice(1)}`,
      (path: string) => path.replace('v1/', 'v1%2f'),
    ];
    for (const url of new Set(guarded().map(([, url]) => url)))
      for (const spell of spellings)
        for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE']) {
          const target = spell(fill(url, a));
          const status = await rawStatus(method, target);
          expect([400, 401, 404, 405], `${method} ${target}: ${status}`).toContain(status);
        }
  });

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer x',
    'bearer mr_sk_000000000000000000000000000000000000',
    'Basic bXI6c2s=',
    `Bearer ${'x'.repeat(4_000)}`,
    'Bearer a b',
    'Bearer null',
  ])('Authorization: %s answers 401', async (authorization) => {
    expect((await gateway.call('GET', '/v1/tenants', { key: '', headers: { authorization } })).status).toBe(401);
  });

  it('a well-formed key that was never issued answers 401, and needs no database to be refused when mistyped', async () => {
    for (const key of [newSecretKey('mr_sk'), newSecretKey('mr_op'), a.streamKey, mistyped(a.apiKey)])
      expect((await gateway.call('GET', '/v1/tenants', { key })).status, key.slice(0, 6)).toBe(401);
  });
});

describe('another tenant', () => {
  it('gets for every id of the other one, on every route, the answer for an id that does not exist', async () => {
    const withIds = guarded().filter(([, url]) => url.includes(':'));
    expect(withIds.length).toBeGreaterThan(20);
    const unknown = nothing();
    for (const [method, url] of withIds) {
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? bodyFor(url) : undefined;
      const [theirs, none] = await Promise.all([
        gateway.call(method, fill(url, b, sessionOfB), { key: a.apiKey, body }),
        gateway.call(method, fill(url, unknown), { key: a.apiKey, body }),
      ]);
      expect(theirs.status, `${method} ${url}`).toBe(404);
      expect(none.status, `${method} ${url}`).toBe(404);
      expect(withoutAddress(theirs.body)).toEqual(withoutAddress(none.body));
    }
    await expectUntouched();
  });

  it('cannot reach a participant through another room of its own', async () => {
    const { id } = await gateway.ok('POST', '/v1/rooms', { key: a.apiKey, body: { name: 'second' } });
    for (const participantId of [a.participantId, b.participantId]) {
      const path = `/v1/rooms/${String(id)}/participants/${participantId}`;
      expect((await gateway.call('DELETE', path, { key: a.apiKey })).status).toBe(404);
    }
  });

  it('cannot reach another stream of its own through its keys, playback ids and targets', async () => {
    const second = await gateway.ok('POST', '/v1/live_streams', { key: a.apiKey, body: { name: 'second' } });
    const under = `/v1/live_streams/${String(second['id'])}`;
    for (const path of [
      `${under}/stream_keys/${a.streamKeyId}`,
      `${under}/playback_ids/${a.playbackId}`,
      `${under}/ingest_sources/${a.ingestSourceId}`,
      `${under}/simulcast_targets/${a.simulcastTargetId}`,
    ])
      for (const method of ['GET', 'DELETE'])
        expect((await gateway.call(method, path, { key: a.apiKey })).status, `${method} ${path}`).toBe(404);
  });

  it('lists its own things only, also when it names the other one', async () => {
    const lists = [
      '/v1/api_keys',
      '/v1/live_streams',
      '/v1/rooms',
      '/v1/signing_keys',
      '/v1/events',
      '/v1/webhook_endpoints',
      '/v1/webhook_deliveries',
      '/v1/playback_keys',
      '/v1/playback_restrictions',
      '/v1/audit_events',
      '/v1/users',
      '/v1/console_sessions',
    ];
    for (const path of ['/v1/tenants', ...lists]) {
      const page = await gateway.ok('GET', path, { key: a.apiKey });
      expect(JSON.stringify(page), path).not.toContain(b.tenantId);
    }
    for (const path of lists)
      expect((await gateway.call('GET', `${path}?tenant_id=${b.tenantId}`, { key: a.apiKey })).status).toBe(404);
  });

  it.each([
    ['/v1/live_streams', { name: 'x' }],
    ['/v1/rooms', { name: 'x' }],
    ['/v1/signing_keys', {}],
    ['/v1/ice_servers', {}],
    ['/v1/webhook_endpoints', { url: 'http://127.0.0.1:1/', events: ['*'] }],
    ['/v1/playback_keys', {}],
    ['/v1/playback_restrictions', {}],
    ['/v1/viewer_sessions/revoke', { viewer_id: 'x' }],
    ['/v1/users', { email: 'a@mill.example', role: 'viewer' }],
  ])('makes nothing in the name of the other one: %s', async (path, fields) => {
    const body = { ...fields, tenant_id: b.tenantId };
    const answer = await gateway.call('POST', path, { key: a.apiKey, body });
    expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ pointer: '/tenant_id' }] }]);
  });

  it("is told that it takes the operator's key, where the thing is its own", async () => {
    for (const [method, path] of [
      ['PATCH', `/v1/tenants/${a.tenantId}`],
      ['DELETE', `/v1/tenants/${a.tenantId}`],
      ['POST', `/v1/tenants/${a.tenantId}/suspend`],
      ['POST', `/v1/tenants/${a.tenantId}/resume`],
      ['POST', `/v1/tenants/${a.tenantId}/restore`],
      ['DELETE', `/v1/api_keys/${a.apiKeyId}`],
      ['POST', '/v1/tenants'],
      ['POST', '/v1/api_keys'],
    ] as const) {
      const body =
        method === 'PATCH' ? {} : path === '/v1/tenants' ? { name: 'x' } : { tenant_id: a.tenantId, name: 'x' };
      const takesBody = method !== 'DELETE' && !/\/(suspend|resume|restore)$/.test(path);
      const answer = await gateway.call(method, path, { key: a.apiKey, ...(takesBody && { body }) });
      expect([answer.status, answer.body], `${method} ${path}`).toMatchObject([403, { code: 'insufficient_scope' }]);
    }
  });
});

describe('a key with scopes', () => {
  it('reaches on every route what its scope names, and nothing else', async () => {
    const own: Record<string, string> = {};
    for (const scope of SCOPES) {
      const body = { tenant_id: a.tenantId, name: scope, scopes: [scope] };
      own[scope] = String((await gateway.ok('POST', '/v1/api_keys', { body }))['key']);
    }
    const reached = new Map<string, string[]>();
    for (const [method, url] of guarded().filter(([method, url]) => method !== 'HEAD' && url !== '/v1/events/stream')) {
      // Ids of the other tenant: a key that gets in gets 404, and does no harm.
      const path = fill(url, b, sessionOfB);
      const takesBody = ['POST', 'PUT', 'PATCH'].includes(method);
      const body = takesBody ? (url.includes(':') ? bodyFor(url) : { unknown: true }) : undefined;
      const ask = async (scope: string) =>
        [scope, await gateway.call(method, path, { key: own[scope]!, ...(body && { body }) })] as const;
      for (const [scope, answer] of await Promise.all(SCOPES.map(ask))) {
        // CSV has none.
        const { code, detail } = (answer.body ?? {}) as { code?: string; detail?: string };
        const isIn = !(code === 'insufficient_scope' && !/operator key/.test(detail ?? ''));
        if (url.includes(':')) expect([403, 404], `${method} ${url} with ${scope}`).toContain(answer.status);
        if (isIn) reached.set(scope, [...(reached.get(scope) ?? []), `${method} ${url}`]);
      }
    }
    await expectUntouched();
    const operatorOnly = ['POST /v1/tenants', 'POST /v1/api_keys'];
    const names = (scope: string): string[] =>
      (reached.get(scope) ?? []).filter((name) => ![...operatorOnly, ...OWN_OPERATIONS].includes(name));
    for (const scope of SCOPES)
      expect((reached.get(scope) ?? []).filter((name) => OWN_OPERATIONS.includes(name)).sort(), scope).toEqual(
        OWN_OPERATIONS,
      );
    expect(names('live_streams:read').every((name) => /^GET .v1.(live_streams|playback|sessions)\b/.test(name))).toBe(
      true,
    );
    // Each route is reached by one scope and by `*`, and each scope by itself reaches less than everything.
    for (const name of names('*'))
      expect(
        SCOPES.filter((scope) => scope !== '*' && names(scope).includes(name)),
        name,
      ).toHaveLength(1);
    for (const scope of SCOPES)
      if (scope !== '*') expect(names(scope).length, scope).toBeLessThan(names('*').length / 2);
    expect(names('rooms:write')).toContain('POST /v1/rooms/:room_id/tokens');
    expect(names('rooms:read')).not.toContain('POST /v1/rooms/:room_id/tokens');
    expect(names('stream_keys:write')).toContain('POST /v1/live_streams/:live_stream_id/stream_keys');
    expect(names('live_streams:write')).not.toContain('POST /v1/live_streams/:live_stream_id/stream_keys');
  });
});

/** Nothing has happened to what is of the other tenant. */
async function expectUntouched(): Promise<void> {
  const stream = await gateway.ok('GET', `/v1/live_streams/${b.streamId}`, { key: b.apiKey });
  expect(stream).toMatchObject({ name: 'a stream', enabled: true });
  const key = await gateway.ok('GET', `/v1/live_streams/${b.streamId}/stream_keys/${b.streamKeyId}`, {
    key: b.apiKey,
  });
  expect(key['status']).toBe('active');
  const room = await gateway.ok('GET', `/v1/rooms/${b.roomId}`, { key: b.apiKey });
  expect(room).toMatchObject({ name: 'a room', status: 'active', participants: 1 });
  const signingKey = await gateway.ok('GET', `/v1/signing_keys/${b.signingKeyId}`, { key: b.apiKey });
  expect(signingKey['status']).toBe('active');
  const { roomChanges, roomEnds, removals, revocations } = gateway.ears.heard;
  expect([roomChanges, roomEnds, removals, revocations]).toEqual([[], [], [], []]);
}
describe('a user of the console', () => {
  it.each(TENANT_ROLES)(
    'who is %s reaches on every route exactly what a key with the scopes of that role does',
    async (role) => {
      const scopes = scopesOfRole(role);
      const { key } = await gateway.ok('POST', '/v1/api_keys', { body: { tenant_id: a.tenantId, name: role, scopes } });
      const email = `${role}@mill.example`;
      await makeUser(gateway, { email, role, tenant_id: a.tenantId });
      const browser = new TestBrowser(gateway);
      await browser.logIn({ email, password: TEST_PASSWORD });
      let refused = 0;
      for (const [method, url] of guarded().filter(
        ([method, url]) => method !== 'HEAD' && url !== '/v1/events/stream',
      )) {
        // Logging out, and the link that takes a key, are not the same for both; see the specs of the console.
        if (url === '/v1/console_sessions/current' || url === '/v1/console_logins') continue;
        // Of lists both see the same; of single things, those of another tenant and those that do not exist.
        for (const world of url.includes(':') ? [b, nothing()] : [a]) {
          const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { unknown: true } : undefined;
          const byUser = await browser.call(method, fill(url, world), body);
          const byKey = await gateway.call(method, fill(url, world), { key: String(key), body });
          expect(byUser.status, `${method} ${url} ${byUser.text}`).toBe(byKey.status);
          expect([401, 500]).not.toContain(byUser.status);
          if (url.includes(':')) expect([400, 403, 404], `${method} ${url}`).toContain(byUser.status);
          if (method === 'GET' && byKey.status === 200 && url !== '/v1/console_sessions' && url !== '/v1/api_keys')
            expect(byUser.body, url).toEqual(byKey.body);
          if (byUser.status === 403) refused++;
        }
      }
      expect(refused > 0).toBe(true);
    },
  );

  it('who is an operator reaches every route, as the operator key does', async () => {
    await makeUser(gateway, { email: 'operator@mill.example', role: 'operator' });
    const browser = new TestBrowser(gateway);
    await browser.logIn({ email: 'operator@mill.example', password: TEST_PASSWORD });
    for (const [method, url] of guarded().filter(([method, url]) => method !== 'HEAD' && url !== '/v1/events/stream')) {
      if (url === '/v1/console_sessions/current' || url === '/v1/console_logins') continue;
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { unknown: true } : undefined;
      const byUser = await browser.call(method, fill(url, nothing()), body);
      const byKey = await gateway.call(method, fill(url, nothing()), { body });
      expect([byUser.status, (byUser.body as { code?: string } | undefined)?.code], `${method} ${url}`).toEqual([
        byKey.status,
        (byKey.body as { code?: string } | undefined)?.code,
      ]);
      expect(byUser.status, `${method} ${url}`).not.toBe(403);
    }
  });
});

async function makeSession(world: World): Promise<{ id: string }> {
  const answer = await gateway.control.authorizePublish(
    { key: world.streamKey, app: 'live', edgeId: 'edge', protocol: 'rtmp', clientAddress: '192.0.2.1', encoder: 'x' },
    5_000,
  );
  if (!answer.granted) throw new Error(answer.refusal);
  return { id: answer.claim.sessionId };
}

function bodyFor(url: string): object {
  if (url.endsWith('/ingest_sources')) return { url: CAMERA };
  if (url.endsWith('/simulcast_targets')) return TARGET;
  if (url.endsWith('/publish_authorizer')) return { url: 'https://example.com/' };
  if (url.endsWith('/timed_metadata')) return { data: {} };
  if (url.endsWith('/password')) return { current_password: 'x', new_password: 'a quiet river bends' };
  if (url.endsWith('/totp') || url.endsWith('/totp/disable')) return { password: 'x' };
  if (url.endsWith('/totp/verify')) return { code: '123456' };
  if (url.endsWith('/quotas')) return { live_streams: 5 };
  if (url.endsWith('/rotate')) return { grace_seconds: 0 };
  return url.endsWith('/replay') ? { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' } : {};
}

/** Ids of what does not exist. */
const nothing = (): Everything => ({
  ...b,
  tenantId: newId('ten'),
  apiKeyId: newId('key'),
  streamId: newId('str'),
  streamKeyId: newId('skey'),
  playbackId: newId('pbk'),
  roomId: newId('room'),
  participantId: newId('par'),
  signingKeyId: newId('sgk'),
  iceServersId: newId('ice'),
  eventId: newId('evt'),
  webhookEndpointId: newId('whe'),
  webhookDeliveryId: newId('whd'),
  playbackKeyId: newId('pky'),
  playbackRestrictionId: newId('prs'),
  ingestSourceId: newId('src'),
  simulcastTargetId: newId('smt'),
  userId: newId('usr'),
  consoleSessionId: newId('cse'),
});

const withoutAddress = (body: unknown): object => ({ ...(body as object), instance: '', request_id: '' });

/** Writes the request target as it is: clients would tidy it up. */
async function rawStatus(method: string, target: string): Promise<number> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return Number(text.slice(9, 12));
}
