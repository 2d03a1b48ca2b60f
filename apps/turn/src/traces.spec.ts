// Allocations as traces show them, of the process's own thread and of others.
import { startTestTracing } from '@millrace/service-kit/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freeUdpPort } from './testing/free-udp-port.ts';
import { startTurn, TurnClient, udpLink } from './testing/index.ts';

describe('an allocation', () => {
  it.each([1, 2])(
    'is one span over its life, linked to the question about its user: %i threads',
    async (turnThreads) => {
      const tracing = await startTestTracing('turn');
      const own = { turnThreads, turnHosts: ['127.0.0.1'], turnPort: await freeUdpPort(), instanceId: 'turn-3' };
      const turn = await startTurn(own, tracing.tracer);
      onTestFinished(async () => {
        await turn.stop();
        await tracing.stop();
      });
      const user = turn.control.user('ada');
      const client = new TurnClient(await udpLink('127.0.0.1', turn.ports.udp), user);
      await client.relay();
      await expect.poll(() => tracing.collector.named('turn.authorize').length).toBe(1);
      const [authorize] = tracing.collector.named('turn.authorize');
      expect(authorize).toMatchObject({ failed: false, attributes: { 'millrace.tenant_id': user.tenantId } });
      await client.refresh(0);
      const spans = () => tracing.collector.named('turn.allocation');
      await expect.poll(() => spans().length).toBe(1);
      expect(spans()).toMatchObject([
        {
          links: [{ traceId: authorize!.traceId, spanId: authorize!.spanId }],
          attributes: {
            'millrace.tenant_id': user.tenantId,
            'millrace.instance_id': 'turn-3',
            'millrace.protocol': 'udp',
            'millrace.sent_bytes': 0,
          },
        },
      ]);
      expect(spans()[0]!.endMs).toBeGreaterThanOrEqual(spans()[0]!.startMs);
      for (const secret of [user.password, user.username])
        expect(tracing.collector.bodies.join()).not.toContain(secret);
      expect(turn.control.usage.filter(({ final }) => final)).toHaveLength(1);
      expect(Object.keys(turn.control.usage[0]!)).not.toContain('life');
      client.close();
    },
  );
});
