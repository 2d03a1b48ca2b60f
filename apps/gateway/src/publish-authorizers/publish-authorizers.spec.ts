// A tenant's own endpoint decides who may publish: asked as an edge asks, answered by a receiver that verifies what it gets.
import type { ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askToPublish, makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { WebhookReceiver } from '../testing/webhook-receiver.ts';

/** Tests that hold answers back must be done before it, on a busy machine too. */
const TIMEOUT_MS = 1_200;
const AT_ONCE = 2;

let postgres: TestPostgres;
let gateway: TestGateway;
let receiver: WebhookReceiver;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    env: {
      MILLRACE_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
      MILLRACE_PUBLISH_AUTHORIZER_TIMEOUT_MS: String(TIMEOUT_MS),
      MILLRACE_PUBLISH_AUTHORIZER_REQUESTS_PER_TENANT: String(AT_ONCE),
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  world = await makeWorld(gateway);
});
afterEach(() => receiver.close());

const path = (tenantId = world.tenantId): string => `/v1/tenants/${tenantId}/publish_authorizer`;
const set = (body: Record<string, unknown> = {}): Promise<Record<string, unknown>> =>
  gateway.ok('PUT', path(), { key: world.apiKey, body: { url: receiver.url, ...body } });
const outcome = async (of = world, edge = 'edge-1'): Promise<string> => {
  const answer = await askToPublish(gateway, of.streamKey, edge);
  return answer.granted ? 'granted' : answer.refusal;
};
const answering = (status: number) => (response: ServerResponse) => response.writeHead(status).end();

describe('a publish authorizer', () => {
  it('is asked with a signed request that says who wants to publish what', async () => {
    const { secret } = await set();
    expect(await outcome()).toBe('granted');
    const [{ text, headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(new Webhook(String(secret)).verify(text, headers as Record<string, string>)).toEqual(body);
    expect(body).toEqual({
      id: headers['webhook-id'],
      type: 'publish.authorize',
      created_at: expect.any(String) as string,
      tenant_id: world.tenantId,
      live_stream_id: world.streamId,
      stream_key_id: world.streamKeyId,
      app: 'live',
      protocol: 'rtmp',
      encoder: 'obs-studio',
      client_address: '192.0.2.1',
    });
    expect(text).not.toContain(world.streamKey);
  });

  it.each([
    [200, 'granted'],
    [204, 'granted'],
    [401, 'not_authorized'],
    [403, 'not_authorized'],
    [302, 'authorizer_unavailable'],
    [404, 'authorizer_unavailable'],
    [500, 'authorizer_unavailable'],
  ])('that answers %i makes it: %s', async (status, expected) => {
    await set();
    receiver.answer = answering(status);
    expect(await outcome()).toBe(expected);
    expect(receiver.received).toHaveLength(1);
  });

  it('that does not answer in time makes it what on_failure says; a test of it says what was waited for', async () => {
    receiver.answer = () => undefined;
    const refusing = world;
    await set({ on_failure: 'refuse' });
    world = await makeWorld(gateway);
    await set({ on_failure: 'allow' });
    const askedAt = performance.now();
    const tested = gateway.ok('POST', `${path()}/test`, { key: world.apiKey, body: {} });
    expect(await Promise.all([outcome(refusing), outcome()])).toEqual(['authorizer_unavailable', 'granted']);
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(TIMEOUT_MS - 5);
    const error = `no complete response within ${TIMEOUT_MS} ms`;
    expect(await tested).toMatchObject({ decision: 'none', publishers: 'allowed', status_code: null, error });
  });

  it('that nothing listens for, with on_failure refuse, refuses; other tenants are not asked for', async () => {
    await set();
    const gone = receiver.url;
    await receiver.close();
    receiver = await WebhookReceiver.start();
    expect(await outcome(), gone).toBe('authorizer_unavailable');
    expect(await outcome(await makeWorld(gateway))).toBe('granted');
    expect(receiver.received).toEqual([]);
  });

  it('is not asked for a key that is refused without it', async () => {
    await set();
    await gateway.ok('POST', `/v1/live_streams/${world.streamId}/disable`, { key: world.apiKey });
    expect(await outcome()).toBe('stream_disabled');
    expect(receiver.received).toEqual([]);
  });

  it('that is slow holds so many places and no more, and none of another tenant', async () => {
    await set();
    const held: ServerResponse[] = [];
    receiver.answer = (response) => held.push(response);
    const waiting = Array.from({ length: AT_ONCE }, () => outcome());
    await until('all places are held', () => held.length === AT_ONCE);
    expect(await outcome()).toBe('authorizer_unavailable');
    expect(await outcome(await makeWorld(gateway))).toBe('granted');
    for (const response of held) response.writeHead(403).end();
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: AT_ONCE }, () => 'not_authorized'));
    receiver.answer = answering(200);
    expect(await outcome()).toBe('granted');
  });

  it('keeps its secret when it is changed, signs with both while it is rotated, and is asked no more once removed', async () => {
    const { secret: first } = await set();
    expect((await set({ on_failure: 'allow' }))['secret']).toBeNull();
    const { secret: second } = await gateway.ok('POST', `${path()}/rotate_secret`, { key: world.apiKey, body: {} });
    expect(await outcome()).toBe('granted');
    const [{ text, headers }] = receiver.received as [(typeof receiver.received)[0]];
    for (const secret of [first, second])
      expect(() => new Webhook(String(secret)).verify(text, headers as Record<string, string>)).not.toThrow();
    const shown = await gateway.ok('GET', path(), { key: world.apiKey });
    expect(shown).toMatchObject({ tenant_id: world.tenantId, url: receiver.url, on_failure: 'allow' });
    expect(JSON.stringify(shown)).not.toContain('whsec_');
    await gateway.ok('DELETE', path(), { key: world.apiKey });
    expect((await gateway.call('GET', path(), { key: world.apiKey })).status).toBe(404);
    expect(await outcome(world, 'edge-2')).not.toBe('not_authorized');
    expect(receiver.received).toHaveLength(1);
  });

  it('belongs to its tenant alone, and goes to no private address', async () => {
    const other = await makeWorld(gateway);
    await set();
    for (const [method, suffix, body] of [
      ['GET', '', undefined],
      ['PUT', '', { url: receiver.url }],
      ['DELETE', '', undefined],
      ['POST', '/rotate_secret', {}],
      ['POST', '/test', {}],
    ] as const) {
      const { status } = await gateway.call(method, path() + suffix, { key: other.apiKey, ...(body && { body }) });
      expect(status, `${method} ${suffix}`).toBe(404);
    }
    const { status, body } = await gateway.call('PUT', path(), {
      key: world.apiKey,
      body: { url: 'https://169.254.169.254/' },
    });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('169.254.169.254 is not a public address');
  });
});

describe('a test of a publish authorizer', () => {
  const test = (body: Record<string, unknown> = {}, of = world): ReturnType<TestGateway['call']> =>
    gateway.call('POST', `${path(of.tenantId)}/test`, { key: of.apiKey, body });

  it('asks as for an encoder, says that it is a test, and answers with the decision', async () => {
    const { secret } = await set();
    receiver.answer = (response) => response.writeHead(202).end('welcome');
    const answer = await test({ live_stream_id: world.streamId });
    const [{ text, headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(answer.body).toEqual({
      request_id: body.id,
      decision: 'allowed',
      publishers: 'allowed',
      status_code: 202,
      response_body: 'welcome',
      address: '127.0.0.1',
      duration_ms: expect.any(Number) as number,
      error: null,
    });
    expect(new Webhook(String(secret)).verify(text, headers as Record<string, string>)).toMatchObject({
      id: headers['webhook-id'],
      type: 'publish.authorize',
      test: true,
      tenant_id: world.tenantId,
      live_stream_id: world.streamId,
    });
    for (const said of [answer.text, text]) expect(said).not.toContain(String(secret).slice('whsec_'.length));
    expect((await gateway.ok('GET', '/v1/sessions', { key: world.apiKey }))['data']).toEqual([]);
  });

  it.each<[string, WebhookReceiver['answer'], string, object]>([
    ['refuse', answering(403), 'a refusal', { decision: 'refused', publishers: 'refused', error: null }],
    ['allow', answering(401), 'a refusal', { decision: 'refused', publishers: 'refused', status_code: 401 }],
    ['refuse', answering(500), 'a fault', { decision: 'none', publishers: 'refused', error: 'answered 500' }],
    ['allow', answering(404), 'a fault', { decision: 'none', publishers: 'allowed', error: 'answered 404' }],
    [
      'refuse',
      (response) => response.socket?.end('hello\r\n'),
      'an answer that is not HTTP',
      { decision: 'none', status_code: null, error: expect.stringContaining('Parse Error') as string },
    ],
  ])('with on_failure %s tells of %s (%s)', async (on_failure, answer, _, expected) => {
    await set({ on_failure });
    receiver.answer = answer;
    expect((await test()).body).toMatchObject(expected);
  });

  it('is possible ten times a minute, takes no place of encoders, and is in the audit log', async () => {
    expect((await test()).status).toBe(404);
    await set();
    expect((await test({ live_stream_id: (await makeWorld(gateway)).streamId })).status).toBe(404);
    const held: ServerResponse[] = [];
    receiver.answer = (response) => held.push(response);
    const tests = Array.from({ length: 10 }, () => test());
    await until('as many wait as encoders may', () => held.length > AT_ONCE);
    receiver.answer = answering(200);
    expect(await outcome()).toBe('granted');
    const statuses = (await Promise.all(tests)).map(({ status }) => status);
    expect(statuses).toEqual(Array(10).fill(200));
    // One more every six seconds.
    const refused = await until('one is too many', async () => {
      const answer = await test();
      return answer.status === 429 && answer;
    });
    expect(refused.headers.get('retry-after')).toMatch(/^[1-6]$/);
    expect((await test({}, await otherWithAuthorizer())).status).toBe(200);
    const audit = await gateway.ok('GET', '/v1/audit_events?action=publish_authorizer.test', { key: world.apiKey });
    expect((audit['data'] as unknown[]).length).toBeGreaterThanOrEqual(10);
  });

  async function otherWithAuthorizer(): Promise<World> {
    const other = await makeWorld(gateway);
    await gateway.ok('PUT', path(other.tenantId), { key: other.apiKey, body: { url: receiver.url } });
    return other;
  }
});

it('what publish authorizers answer is counted', async () => {
  const name = 'millrace_publish_authorizer_answers_total';
  const counts = async (): Promise<Record<string, number>> => {
    const found = (await gateway.metrics.text()).matchAll(new RegExp(`${name}\\{outcome="(\\w+)"\\} (\\d+)`, 'g'));
    return Object.fromEntries([...found].map(([, of = '', count]): [string, number] => [of, Number(count)]));
  };
  const before = await counts();
  await set();
  const held: ServerResponse[] = [];
  for (const answer of [
    answering(200),
    answering(403),
    answering(500),
    () => undefined,
  ] as WebhookReceiver['answer'][]) {
    receiver.answer = answer;
    await outcome();
  }
  receiver.answer = (response) => held.push(response);
  const waiting = Array.from({ length: AT_ONCE + 1 }, () => outcome());
  await until('all places are held', () => held.length === AT_ONCE);
  for (const response of held) response.end();
  await Promise.all(waiting);
  const after = await counts();
  const counted = Object.entries(after).map(([outcomeName, count]) => [
    outcomeName,
    count - (before[outcomeName] ?? 0),
  ]);
  expect(Object.fromEntries(counted)).toEqual({ allowed: 1 + AT_ONCE, refused: 1, timeout: 1, error: 1, busy: 1 });
});

describe('live_stream.rejected', () => {
  it('tells the tenant why, once a minute for each reason', async () => {
    await set();
    receiver.answer = answering(403);
    for (let times = 0; times < 3; times++) expect(await outcome()).toBe('not_authorized');
    const events = await until('it is written', async () => {
      const page = await gateway.ok('GET', '/v1/events?type=live_stream.rejected', { key: world.apiKey });
      return (page['data'] as unknown[]).length > 0 && (page['data'] as { data: unknown; created_at: string }[]);
    });
    // A minute may have ended between two of them.
    const minutes = new Set(events.map(({ created_at: at }) => at.slice(0, 'YYYY-MM-DDTHH:MM'.length)));
    expect(events).toHaveLength(minutes.size);
    expect(events.slice(0, 1).map(({ data }) => data)).toEqual([
      {
        object: {
          id: world.streamId,
          stream_key_id: world.streamKeyId,
          reason: 'not_authorized',
          message: expect.stringMatching(/^not authorized: /) as string,
          protocol: 'rtmp',
          encoder: 'obs-studio',
        },
      },
    ]);
    // The next reason of the same stream is another event.
    await gateway.ok('POST', `/v1/live_streams/${world.streamId}/disable`, { key: world.apiKey });
    expect(await outcome()).toBe('stream_disabled');
    await until('both are there', async () => {
      const page = await gateway.ok('GET', '/v1/events?type=live_stream.rejected', { key: world.apiKey });
      return (page['data'] as unknown[]).length > events.length;
    });
  });
});

it('a publish authorizer is asked also while the database is away, once the stream was published', async () => {
  await set();
  expect(await outcome()).toBe('granted');
  for (const fact of [`authorizer:${world.tenantId}`, `tenant:${world.tenantId}`, `stream:${world.streamId}`])
    await until(`${fact} is remembered`, async () => (await gateway.liveStore.recall(fact)) !== undefined);
  await postgres.stop('SIGQUIT');
  try {
    receiver.answer = answering(403);
    expect(await outcome()).toBe('not_authorized');
    expect(receiver.received).toHaveLength(2);
  } finally {
    await postgres.start();
  }
});
