// The whole cluster as its traces show it: API call, publish, segments, join, allocation, each with what it has asked for.
import { TraceCollector } from '@millrace/service-kit/testing';
import type { CollectedSpan } from '@millrace/service-kit/testing';
import { TurnClient, udpLink } from '@millrace/turn/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterStream } from './support/cluster-stream.ts';
import { eventually } from './support/eventually.ts';
import { RoomSocket } from './support/room-socket.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

let collector: TraceCollector;
let cluster: RunningCluster;
let api: TenantApi;

beforeAll(async () => {
  collector = await TraceCollector.start();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' };
  cluster = await startCluster({ edges: 1, packagers: 1, signalings: 1, turns: 1, env });
  api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
});
afterAll(async () => {
  await cluster.stop();
  await collector.stop();
});

const arrived = (what: string, find: (span: CollectedSpan) => boolean): Promise<CollectedSpan> =>
  eventually(what, () => collector.spans.find(find), 30_000);
const childOf = (parent: CollectedSpan, name: string): Promise<CollectedSpan> =>
  arrived(name, (s) => s.name === name && s.traceId === parent.traceId && s.parentSpanId === parent.spanId);
const service = ({ resource }: CollectedSpan): unknown => resource['service.name'];

describe('traces of a cluster', () => {
  it('show a publish with its question, its segments, and the API call that ends it', async () => {
    const live = await ClusterStream.open(cluster, 'traced', { segment_target_seconds: 1 });
    await live.publish();
    await live.moreSegments(2);

    const path = `/v1/live_streams/${live.stream.id}/stream_keys/${live.stream.keyId}`;
    const answer = await fetch(cluster.gatewayUrl(1) + path, {
      method: 'DELETE',
      headers: {
        authorization: `Bearer ${cluster.quickstart.api_key}`,
        traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
      },
    });
    expect(answer.ok).toBe(true);

    const call = await arrived('the API call', (s) => s.parentSpanId === CALLER.spanId);
    expect(service(call)).toBe('millrace-gateway');
    expect(call.attributes).toMatchObject({ 'http.request.method': 'DELETE', 'millrace.stream_id': live.stream.id });
    expect(service(await childOf(call, 'control millrace.ctl.publisher.cut'))).toBe('millrace-rtmp-edge');

    const publish = await arrived(
      'the publish',
      (s) => s.name === 'publish' && s.attributes['millrace.stream_id'] === live.stream.id,
    );
    expect(service(publish)).toBe('millrace-rtmp-edge');
    expect(publish.attributes).toMatchObject({ 'millrace.outcome': 'key_revoked' });
    expect(service(await childOf(publish, 'control millrace.ctl.publish.authorize'))).toBe('millrace-gateway');

    const segments = () =>
      collector.named('segment').filter((s) => s.attributes['millrace.stream_id'] === live.stream.id);
    await eventually('segments', () => segments().length >= 4, 30_000);
    for (const segment of segments()) {
      expect(service(segment)).toBe('millrace-packager');
      expect(segment.links).toEqual([{ traceId: publish.traceId, spanId: publish.spanId }]);
      expect(segment.attributes['millrace.session_id']).toBe(publish.attributes['millrace.session_id']);
    }
    await live.finish();
    expect(collector.bodies.join()).not.toContain(live.stream.key);
  });

  it('show a join with its questions, and the allocation of who joined', async () => {
    const { id } = await api.ok('POST', '/v1/rooms', { name: 'traced' });
    const { token } = await api.ok('POST', `/v1/rooms/${String(id)}/tokens`, {});
    const socket = await RoomSocket.open(`ws://127.0.0.1:${cluster.ports.signalings[0]?.websocket}/v1/rooms`);
    socket.send({ type: 'join', version: 1, token });
    const joined = await socket.next('joined');

    const join = await arrived('the join', (s) => s.name === 'room.join' && s.attributes['millrace.room_id'] === id);
    expect(service(join)).toBe('millrace-signaling');
    for (const question of ['authorize', 'ice'])
      expect(service(await childOf(join, `control millrace.ctl.room.${question}`))).toBe('millrace-gateway');

    const [, turn] = joined['ice_servers'] as [unknown, { username: string; credential: string }];
    const { username, credential: password } = turn;
    const [, tenantId] = username.split(':');
    const link = await udpLink('127.0.0.1', cluster.ports.turns[0]!.turn);
    const client = new TurnClient(link, { username, password });
    await client.allocate();
    await client.refresh(0);
    const allocation = await arrived('the allocation', (s) => s.name === 'turn.allocation');
    expect(service(allocation)).toBe('millrace-turn');
    expect(allocation.attributes['millrace.tenant_id']).toBe(tenantId);
    const authorize = await arrived('the question', (s) => s.name === 'turn.authorize');
    expect(allocation.links).toEqual([{ traceId: authorize.traceId, spanId: authorize.spanId }]);
    expect(service(await childOf(authorize, 'control millrace.ctl.relay.authorize'))).toBe('millrace-gateway');
    for (const secret of [String(token), password, username, String(joined['resume_token'])])
      expect(collector.bodies.join()).not.toContain(secret);
    client.close();
    socket.close();
  });
});
