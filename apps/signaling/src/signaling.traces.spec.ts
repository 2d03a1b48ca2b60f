// Joins as traces show them.
import { startTestTracing } from '@millrace/service-kit/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sampleRoom } from './testing/test-gateway.ts';
import { TestClient } from './testing/test-client.ts';
import { TestSignaling } from './testing/test-pod.ts';

describe('a join', () => {
  it('is a span, that fails with the code of a refusal; its messages belong to it, no token is in it', async () => {
    const tracing = await startTestTracing('signaling');
    const signaling = await TestSignaling.start({}, 1, undefined, tracing.tracer);
    onTestFinished(async () => {
      await signaling.close();
      await tracing.stop();
    });
    const { gateway, port } = signaling;
    const room = sampleRoom({ maxParticipants: 1, type: 'group' });
    const token = gateway.token(room);
    const { client, joined } = await TestClient.join(port, token);
    const second = await TestClient.connect(port);
    second.send({ type: 'join', version: 1, token: gateway.token(room) });
    expect(await second.one('error')).toMatchObject({ code: 'room_full' });
    const spans = () => tracing.collector.named('room.join');
    await expect.poll(() => spans().length).toBe(2);
    expect(spans()[0]).toMatchObject({
      failed: false,
      parentSpanId: undefined,
      attributes: {
        'millrace.tenant_id': room.tenantId,
        'millrace.room_id': room.roomId,
        'millrace.participant_id': joined.participant.id,
        'millrace.instance_id': 'pod-1',
      },
    });
    expect(spans()[1]).toMatchObject({ failed: true, attributes: { 'error.type': 'room_full' } });
    const { traceId, spanId } = spans()[0]!;
    expect(gateway.traceparents).toContain(`00-${traceId}-${spanId}-01`);
    for (const secret of [token, joined.resume_token]) expect(tracing.collector.bodies.join()).not.toContain(secret);
    client.ws.close();
    second.ws.close();
  });
});
