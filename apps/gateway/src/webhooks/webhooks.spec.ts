// Deliveries from the change that causes them to a receiver that verifies them with the reference library.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../database/database.ts';
import { EVENTS_COMMITTED } from '../events/append-event.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { WebhookReceiver } from '../testing/webhook-receiver.ts';

/** Long enough for a receiver on this machine; several tests wait for its end. */
const TIMEOUT_MS = 250;
const ENV = {
  MILLRACE_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
  MILLRACE_WEBHOOK_TIMEOUT_MS: String(TIMEOUT_MS),
  // Two gateways over one database share it.
  MILLRACE_KEY_PEPPER: 'a pepper for the tests of webhooks alone',
};

let postgres: TestPostgres;
let gateway: TestGateway;
let receiver: WebhookReceiver;
let world: World;
let endpointId: string;
let secret: string;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: ENV });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  world = await makeWorld(gateway);
  ({ endpointId, secret } = await makeEndpoint(['*']));
});
afterEach(async () => {
  await receiver.close();
});

async function makeEndpoint(events: readonly string[]): Promise<{ endpointId: string; secret: string }> {
  const body = { url: receiver.url, events };
  const made = await gateway.ok('POST', '/v1/webhook_endpoints', { key: world.apiKey, body });
  return { endpointId: String(made['id']), secret: String(made['secret']) };
}

const rename = (name: string, from = gateway): Promise<Record<string, unknown>> =>
  from.ok('PATCH', `/v1/live_streams/${world.streamId}`, { key: world.apiKey, body: { name } });

/** As if the pause before the next attempt were over. */
const passTime = async (): Promise<void> => {
  await postgres.query(`UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending'`);
  gateway.app.get(Database, { strict: false }).commits.wake(new Set([EVENTS_COMMITTED]));
};

const TOO_SLOW = `no complete response within ${TIMEOUT_MS} ms`;
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

const answering = (status: number) => (response: ServerResponse) => response.writeHead(status).end();

/** Sends the beginning of an answer, then a byte of it now and then for as long as the gateway listens. */
function drip(response: ServerResponse, beginning: string): void {
  const { socket } = response;
  socket?.write(beginning);
  const timer = setInterval(() => socket?.write(beginning === CHUNKED ? '1\r\nx\r\n' : 'x'), TIMEOUT_MS / 10);
  socket?.once('close', () => clearInterval(timer));
}

/** A server with a certificate that no authority has signed. */
async function untrustedServer(): Promise<{ tls: HttpsServer; port: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, '-out', cert, '-days', '2', ...subject]);
  const tls = createTlsServer({ key: await readFile(key), cert: await readFile(cert) });
  await rm(folder, { recursive: true });
  await new Promise<void>((listening) => tls.listen(0, '127.0.0.1', listening));
  return { tls, port: (tls.address() as AddressInfo).port };
}

interface Delivery {
  readonly id: string;
  readonly event_id: string;
  readonly status: string;
  readonly attempt_count: number;
  readonly last_error: string | null;
}

async function deliveries(query = ''): Promise<Delivery[]> {
  const key = world.apiKey;
  const page = await gateway.ok('GET', `/v1/webhook_deliveries?webhook_endpoint_id=${endpointId}${query}`, { key });
  return page['data'] as Delivery[];
}

const untilDelivery = (what: string, holds: (delivery: Delivery) => boolean): Promise<Delivery> =>
  until(what, async () => (await deliveries()).find(holds));

const readEndpoint = (): Promise<Record<string, unknown>> =>
  gateway.ok('GET', `/v1/webhook_endpoints/${endpointId}`, { key: world.apiKey });

describe('a delivery', () => {
  it('is signed, names the event, and tells what has changed', async () => {
    await rename('another name');
    await until('delivered', () => receiver.received.length === 1);
    const [{ text, headers, body } = receiver.received[0]!] = receiver.received;
    expect(new Webhook(secret).verify(text, headers as Record<string, string>)).toEqual(body);
    expect(headers).toMatchObject({ 'webhook-id': body.id, 'content-type': 'application/json' });
    expect(body).toMatchObject({
      type: 'live_stream.updated',
      api_version: 'v1',
      tenant_id: world.tenantId,
      data: { object: { id: world.streamId, name: 'another name' } },
      previous_attributes: { name: 'a stream' },
    });
    expect(await gateway.ok('GET', `/v1/events/${body.id}`, { key: world.apiKey })).toEqual(body);
  });

  it('goes to endpoints that ask for it, and to no other tenant', async () => {
    const other = await makeWorld(gateway);
    await gateway.ok('POST', '/v1/webhook_endpoints', {
      key: other.apiKey,
      body: { url: `${receiver.url}?other`, events: ['*'] },
    });
    await gateway.ok('PATCH', `/v1/webhook_endpoints/${endpointId}`, {
      key: world.apiKey,
      body: { events: ['stream_key.*', 'live_stream.disabled'] },
    });
    const stream = `/v1/live_streams/${world.streamId}`;
    await rename('not asked for');
    await gateway.ok('POST', `${stream}/disable`, { key: world.apiKey });
    await gateway.ok('POST', `${stream}/disable`, { key: world.apiKey });
    await gateway.ok('POST', `${stream}/stream_keys`, { key: world.apiKey, body: {} });
    await until('both', () => receiver.received.length >= 2);
    await until('all ended', async () => (await deliveries('&status=pending')).length === 0);
    expect(receiver.types).toEqual(['live_stream.disabled', 'stream_key.created']);
  });

  it('that fails is tried again with the same id, and its attempts are kept', async () => {
    receiver.answer = (response) => response.writeHead(503).end('not now');
    await rename('x');
    const failed = await untilDelivery('failed once', ({ last_error }) => last_error !== null);
    expect(failed).toMatchObject({ status: 'pending', attempt_count: 1, last_error: 'answered 503' });
    receiver.answer = (response) => response.writeHead(204).end();
    await passTime();
    await untilDelivery('succeeded', ({ status }) => status === 'succeeded');
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([failed.event_id]));
    const details = await gateway.ok('GET', `/v1/webhook_deliveries/${failed.id}`, { key: world.apiKey });
    expect(details).toMatchObject({
      event: { id: failed.event_id, type: 'live_stream.updated' },
      attempts: [
        { attempt: 1, address: '127.0.0.1', status_code: 503, response_body: 'not now', error: 'answered 503' },
        { attempt: 2, address: '127.0.0.1', status_code: 204, response_body: '', error: null },
      ],
    });
  });

  it.each<[string, WebhookReceiver['answer'], string]>([
    ['an error of the receiver', answering(500), 'answered 500'],
    ['a refusal', answering(400), 'answered 400'],
    ['an answer that does not come', () => undefined, TOO_SLOW],
    ['headers that come too slowly', (response) => drip(response, 'HTTP/1.1 200 OK\r\nX-Slow: '), TOO_SLOW],
    ['a body that comes too slowly', (response) => drip(response, CHUNKED), TOO_SLOW],
    ['an answer that does not end', (response) => response.writeHead(200).write('x'), TOO_SLOW],
    [
      'an answer that changes the protocol',
      (response) =>
        response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      'closed without a usable answer',
    ],
    ['an answer that is not HTTP', (response) => response.socket?.end('220 mail.example ESMTP\r\n'), 'Parse Error'],
    [
      'an answer with a broken body',
      (response) => response.socket?.end(`${CHUNKED}no length`),
      'before the response was complete',
    ],
    ['a connection that breaks', (response) => response.destroy(), 'closed without a usable answer'],
  ])('fails by %s', async (_, answer, words) => {
    receiver.answer = answer;
    await rename('x');
    const failed = await untilDelivery('failed once', ({ last_error }) => last_error !== null);
    expect(failed).toMatchObject({ status: 'pending', attempt_count: 1 });
    expect(failed.last_error).toContain(words);
    expect(receiver.received).toHaveLength(1);
  });

  it('fails at a receiver that is down, without TLS, or has a certificate that nothing vouches for', async () => {
    const { tls, port } = await untrustedServer();
    const down = await WebhookReceiver.start();
    const { url: nothingThere } = down;
    await down.close();
    for (const [url, words] of [
      [nothingThere, `nothing listens there (${new URL(nothingThere).host})`],
      [receiver.url.replace('http:', 'https:'), 'the server does not speak TLS'],
      [
        `https://127.0.0.1:${port}/hook`,
        'the certificate is not signed by an authority that this server trusts (self-signed certificate',
      ],
    ] as const) {
      await gateway.ok('PATCH', `/v1/webhook_endpoints/${endpointId}`, { key: world.apiKey, body: { url } });
      await gateway.ok('POST', `/v1/webhook_endpoints/${endpointId}/test`, { key: world.apiKey });
      await untilDelivery(url, ({ last_error }) => last_error?.includes(words) ?? false);
      await postgres.query(`DELETE FROM webhook_deliveries WHERE endpoint_id = '${endpointId}'`);
    }
    expect(receiver.received).toEqual([]);
    await new Promise((closed) => tls.close(closed));
  });

  it('follows no redirect, wherever it leads', async () => {
    const inside = await WebhookReceiver.start();
    const statuses = [301, 302, 303, 307, 308];
    receiver.answer = (response) => {
      response.writeHead(statuses[receiver.received.length - 1] ?? 0, { location: inside.url }).end();
    };
    for (const status of statuses) {
      await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'a stream' } });
      const words = `answered ${status}; redirects are not followed`;
      await untilDelivery(words, ({ last_error }) => last_error === words);
    }
    expect(inside.received).toEqual([]);
    await inside.close();
  });

  it('keeps no more than 2 KiB of an endless answer', async () => {
    receiver.answer = (response) => {
      response.writeHead(200);
      const write = (): void => {
        if (!response.destroyed) while (response.write('x\0'.repeat(5_000)));
      };
      response.on('drain', write);
      write();
    };
    await rename('x');
    const { id } = await untilDelivery('succeeded', ({ status }) => status === 'succeeded');
    const { attempts } = await gateway.ok('GET', `/v1/webhook_deliveries/${id}`, { key: world.apiKey });
    const [{ response_body } = { response_body: '' }] = attempts as { response_body: string }[];
    expect(response_body).toBe('x\u{fffd}'.repeat(1_024));
  });

  it('arrives behind those of the same object that happened before, also when the first one fails at first', async () => {
    let fail = true;
    receiver.answer = (response) => response.writeHead(fail ? 500 : 200).end();
    for (const name of ['1', '2', '3']) await rename(name);
    await untilDelivery(
      'the first failed',
      ({ attempt_count, last_error }) => attempt_count === 1 && last_error !== null,
    );
    // What happens to another object does not wait for it.
    await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'another stream' } });
    await until('the other one', () => receiver.types.includes('live_stream.created'));
    fail = false;
    await passTime();
    const namesOf = (): unknown[] =>
      receiver.received
        .filter(({ body }) => body.data.object['id'] === world.streamId)
        .map(({ body }) => body.data.object['name']);
    await until('the last one', () => namesOf().includes('3'));
    expect(namesOf()).toEqual(['1', '1', '2', '3']);
  });

  it('ends with the last attempt, and can be redelivered', async () => {
    receiver.answer = (response) => response.writeHead(500).end();
    await rename('x');
    await untilDelivery('failed once', ({ last_error }) => last_error !== null);
    await postgres.query(`UPDATE webhook_deliveries SET attempts = 10 WHERE status = 'pending'`);
    await passTime();
    const failed = await untilDelivery('failed for good', ({ status }) => status === 'failed');
    expect(failed.attempt_count).toBe(11);
    receiver.answer = (response) => response.end();
    const again = await gateway.ok('POST', `/v1/webhook_deliveries/${failed.id}/redeliver`, { key: world.apiKey });
    expect(again).toMatchObject({ event_id: failed.event_id, attempt_count: 0 });
    await untilDelivery('redelivered', ({ id, status }) => id === again['id'] && status === 'succeeded');
  });

  it('survives its gateway: another one delivers what was committed', async () => {
    receiver.answer = () => undefined;
    const second = await TestGateway.start({
      databaseUrl: postgres.url(),
      env: { ...ENV, MILLRACE_WEBHOOK_TIMEOUT_MS: '60000' },
      bus: gateway.bus,
    });
    await rename('x', second).catch(() => undefined);
    await until('begun', () => receiver.received.length > 0);
    receiver.answer = (response) => response.end();
    await second.close();
    // Either gateway may have begun; where it was this one, its next attempt would be in five seconds.
    await passTime();
    await untilDelivery('delivered', ({ status }) => status === 'succeeded');
    const { data } = await gateway.ok('GET', '/v1/events?type=live_stream.updated', { key: world.apiKey });
    expect(data).toHaveLength(1);
  });
});

describe('an endpoint', () => {
  it('that answers 410 is disabled, and an event says so', async () => {
    const witness = await WebhookReceiver.start();
    await gateway.ok('POST', '/v1/webhook_endpoints', {
      key: world.apiKey,
      body: { url: witness.url, events: ['webhook_endpoint.disabled'] },
    });
    receiver.answer = (response) => response.writeHead(410).end();
    await rename('x');
    await until('the witness hears of it', () => witness.received.length === 1);
    expect(witness.received[0]?.body.data.object).toMatchObject({
      id: endpointId,
      enabled: false,
      disabled_reason: 'gone',
    });
    await rename('y');
    expect(await readEndpoint()).toMatchObject({ enabled: false, disabled_reason: 'gone' });
    expect(receiver.received).toHaveLength(1);
    await witness.close();
  });

  it('that has failed for five days is disabled; enabled again, it begins anew', async () => {
    receiver.answer = (response) => response.writeHead(500).end();
    await rename('x');
    await untilDelivery('failed once', ({ last_error }) => last_error !== null);
    expect((await readEndpoint())['failing_since']).not.toBeNull();
    await postgres.query(
      `UPDATE webhook_endpoints SET failing_since = now() - interval '5 days' WHERE id = '${endpointId}'`,
    );
    await passTime();
    await until('disabled', async () => (await readEndpoint())['enabled'] === false);
    receiver.answer = (response) => response.end();
    const body = { enabled: true };
    const enabled = await gateway.ok('PATCH', `/v1/webhook_endpoints/${endpointId}`, { key: world.apiKey, body });
    expect(enabled).toMatchObject({ enabled: true, disabled_reason: null, failing_since: null });
    await passTime();
    await untilDelivery('delivered', ({ status }) => status === 'succeeded');
  });

  it('gets a test event alone, and signatures of both secrets while they rotate', async () => {
    await makeEndpoint(['*']);
    const path = `/v1/webhook_endpoints/${endpointId}`;
    const rotated = await gateway.ok('POST', `${path}/rotate_secret`, {
      key: world.apiKey,
      body: { grace_seconds: 60 },
    });
    await gateway.ok('PATCH', path, { key: world.apiKey, body: { url: `${receiver.url}?token=secret` } });
    const delivery = await gateway.ok('POST', `${path}/test`, { key: world.apiKey });
    expect(delivery).toMatchObject({ event_type: 'webhook_endpoint.test', webhook_endpoint_id: endpointId });
    await untilDelivery('delivered', ({ status }) => status === 'succeeded');
    expect(receiver.types).toEqual(['webhook_endpoint.test']);
    expect(receiver.received[0]?.body.data.object['url']).toBe(receiver.url);
    const { text, headers } = receiver.received[0]!;
    for (const known of [secret, String(rotated['secret'])])
      expect(new Webhook(known).verify(text, headers as Record<string, string>)).toBeDefined();
    await gateway.ok('POST', `${path}/rotate_secret`, { key: world.apiKey, body: { grace_seconds: 0 } });
    await gateway.ok('POST', `${path}/test`, { key: world.apiKey });
    await until('the second', () => receiver.received.length === 2);
    const second = receiver.received[1]!;
    expect(() => new Webhook(secret).verify(second.text, second.headers as Record<string, string>)).toThrow();
  });

  it('has events of a range of time delivered once more', async () => {
    await rename('x');
    await gateway.ok('POST', `/v1/live_streams/${world.streamId}/disable`, { key: world.apiKey });
    await until('delivered', () => receiver.received.length === 2);
    const [from, to] = [new Date(0).toISOString(), new Date(Date.now() + 60_000).toISOString()];
    const path = `/v1/webhook_endpoints/${endpointId}/replay`;
    const body = { from, to, types: ['live_stream.updated', 'live_stream.disabled'] };
    expect(await gateway.ok('POST', path, { key: world.apiKey, body })).toEqual({ deliveries: 2 });
    await until('again', () => receiver.received.length === 4);
    expect(receiver.types.slice(2)).toEqual(receiver.types.slice(0, 2));
    const none = { from, to: new Date(1).toISOString() };
    expect(await gateway.ok('POST', path, { key: world.apiKey, body: none })).toEqual({ deliveries: 0 });
  });

  it('is refused where it names an address that is not public, and shows its secret once', async () => {
    const body = { url: 'https://169.254.169.254/latest/meta-data', events: ['*'] };
    const refused = await gateway.call('POST', '/v1/webhook_endpoints', { key: world.apiKey, body });
    expect(refused).toMatchObject({
      status: 400,
      body: {
        errors: [
          {
            pointer: '/url',
            detail:
              '169.254.169.254 is not a public address; the operator can allow ranges of addresses with MILLRACE_WEBHOOK_ALLOWED_ADDRESSES',
          },
        ],
      },
    });
    const list = await gateway.call('GET', '/v1/webhook_endpoints', { key: world.apiKey });
    expect(list.text).toContain(endpointId);
    expect(list.text).not.toContain(secret);
    const stored = await postgres.query(`SELECT encode(sealed, 'escape') AS sealed FROM webhook_endpoints`);
    expect(JSON.stringify(stored)).not.toContain(secret.slice('whsec_'.length));
  });

  it('is one of 20 that a tenant may have', async () => {
    for (let count = 1; count < 20; count++) await makeEndpoint(['*']);
    const body = { url: receiver.url, events: ['*'] };
    const refused = await gateway.call('POST', '/v1/webhook_endpoints', { key: world.apiKey, body });
    expect(refused).toMatchObject({ status: 409, body: { code: 'quota_exceeded' } });
  });
});

describe('a deletion', () => {
  it('of an endpoint takes its deliveries along, and what happens next is reported to the others', async () => {
    receiver.answer = (response) => response.writeHead(500).end();
    const other = await makeEndpoint(['*']);
    await rename('x');
    await until('both are tried', () => receiver.received.length >= 2);
    await gateway.call('DELETE', `/v1/webhook_endpoints/${endpointId}`, { key: world.apiKey });
    expect(await deliveries()).toEqual([]);
    receiver.answer = (response) => response.end();
    await passTime();
    await rename('y');
    await until('the other one has both', async () => {
      const page = await gateway.ok('GET', `/v1/webhook_deliveries?webhook_endpoint_id=${other.endpointId}`, {
        key: world.apiKey,
      });
      return (page['data'] as Delivery[]).filter(({ status }) => status === 'succeeded').length === 2;
    });
  });

  it('of a tenant takes its events and deliveries along', async () => {
    await rename('x');
    await until('delivered', () => receiver.received.length === 1);
    expect((await gateway.call('DELETE', `/v1/tenants/${world.tenantId}?purge=true`)).status).toBe(204);
    for (const table of ['events', 'webhook_deliveries', 'webhook_endpoints'])
      expect(await postgres.query(`SELECT 1 FROM ${table} WHERE tenant_id = '${world.tenantId}'`), table).toEqual([]);
  });
});

describe('a tenant whose endpoints do not answer', () => {
  it('leaves other tenants their deliveries', async () => {
    const slow = await WebhookReceiver.start();
    slow.answer = () => undefined;
    for (let count = 1; count < 20; count++)
      await gateway.ok('POST', '/v1/webhook_endpoints', { key: world.apiKey, body: { url: slow.url, events: ['*'] } });
    for (let count = 0; count < 8; count++)
      await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'many' } });
    await until('as many as a tenant may have', () => slow.received.length >= 12);
    const other = await makeWorld(gateway);
    const quick = await WebhookReceiver.start();
    await gateway.ok('POST', '/v1/webhook_endpoints', { key: other.apiKey, body: { url: quick.url, events: ['*'] } });
    await publish(gateway, other.streamKey);
    await until('connected', () => quick.types.includes('live_stream.connected'));
    await Promise.all([slow.close(), quick.close()]);
  });
});
