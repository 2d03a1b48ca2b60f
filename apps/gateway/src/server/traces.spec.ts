// API calls and control messages as traces show them.
import { startTestTracing } from '@millrace/service-kit/testing';
import type { CollectedSpan, TestTracing } from '@millrace/service-kit/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

let postgres: TestPostgres;
let tracing: TestTracing;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  tracing = await startTestTracing('gateway');
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), tracer: tracing.tracer });
  world = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await tracing.stop();
  await postgres.remove();
});

const arrived = (what: string, find: (span: CollectedSpan) => boolean): Promise<CollectedSpan> =>
  until(what, () => tracing.collector.spans.find(find));
const call = (name: string, requestId: string): Promise<CollectedSpan> =>
  arrived(`${name} ${requestId}`, (s) => s.name === name && s.attributes['millrace.request_id'] === requestId);

describe('an API call', () => {
  it('is a span of its caller’s trace, that says whose call it was and what it was about', async () => {
    const headers = { traceparent, 'x-request-id': 'mine-1' };
    await gateway.ok('GET', `/v1/live_streams/${world.streamId}`, { key: world.apiKey, headers });
    expect(await call('GET /v1/live_streams/:live_stream_id', 'mine-1')).toMatchObject({
      traceId: CALLER.traceId,
      parentSpanId: CALLER.spanId,
      kind: 2,
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/v1/live_streams/:live_stream_id',
        'http.response.status_code': 200,
        'millrace.tenant_id': world.tenantId,
        'millrace.stream_id': world.streamId,
      },
    });
  });

  it('is a trace of its own without a caller’s, also when it is refused', async () => {
    const headers = { 'x-request-id': 'mine-2' };
    await gateway.call('GET', '/v1/tenants', { key: 'mr_op_wrong', headers });
    const span = await call('GET /v1/tenants', 'mine-2');
    expect(span).toMatchObject({ parentSpanId: undefined, failed: false });
    expect(span.attributes).toMatchObject({ 'http.response.status_code': 401 });
  });

  it('takes its trace along to the services that it concerns, also behind a body that was read', async () => {
    await publish(gateway, world.streamKey);
    const path = `/v1/live_streams/${world.streamId}/stream_keys/${world.streamKeyId}`;
    const headers = { 'x-request-id': 'mine-3' };
    const { ears } = gateway;
    const before = ears.heard.traceparents.length;
    await gateway.ok('POST', `${path}/rotate`, { body: { grace_seconds: 0 }, headers });
    const { traceId, spanId } = await arrived('the call', (s) => s.attributes['millrace.request_id'] === 'mine-3');
    await until('the edge hears of it', () => ears.heard.traceparents.length > before);
    expect(ears.heard.traceparents.slice(before)).toContain(`00-${traceId}-${spanId}-01`);
  });

  it('shows no key, wherever the caller puts it', async () => {
    const key = world.streamKey;
    await gateway.call('GET', `/v1/live_streams?token=${key}`, { key: world.apiKey, headers: { 'x-request-id': key } });
    await gateway.call('GET', `/v1/live_streams/${key}`, { key: world.apiKey, headers: { 'x-request-id': 'mine-4' } });
    await call('GET /v1/live_streams/:live_stream_id', 'mine-4');
    const sent = tracing.collector.bodies.join();
    for (const secret of [key, world.apiKey, gateway.operatorKey, '192.0.2.1']) expect(sent).not.toContain(secret);
  });
});

describe('a control message', () => {
  it('that belongs to a trace is answered within it, and its claim carries the publish', async () => {
    const other = await makeWorld(gateway);
    const answer = await tracing.tracer.within(tracing.tracer.start('edge', { parent: traceparent }), () =>
      gateway.control.authorizePublish(
        {
          key: other.streamKey,
          app: 'live',
          edgeId: 'edge-1',
          protocol: 'rtmp',
          clientAddress: '192.0.2.1',
          encoder: 'obs',
          traceparent,
        },
        5_000,
      ),
    );
    expect(answer).toMatchObject({ granted: true, claim: { traceparent } });
    const name = 'control millrace.ctl.publish.authorize';
    const span = await arrived(name, (s) => s.name === name && s.traceId === CALLER.traceId);
    expect(span).toMatchObject({ kind: 5, failed: false });
    expect(span.parentSpanId).not.toBe(CALLER.spanId);
  });

  it('that belongs to none has no span', async () => {
    const name = 'control millrace.ctl.publish.authorize';
    const before = tracing.collector.named(name).length;
    await publish(gateway, (await makeWorld(gateway)).streamKey);
    await gateway.ok('GET', '/v1/tenants', { headers: { 'x-request-id': 'mine-5' } });
    await call('GET /v1/tenants', 'mine-5');
    expect(tracing.collector.named(name)).toHaveLength(before);
  });
});
