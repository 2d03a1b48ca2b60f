import { newId } from '@millrace/domain';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeControlContract } from '../control.contract.ts';
import type { ControlTransport } from '../control.contract.ts';
import { ControlPlaneClient } from '../control-plane-client.ts';
import { ControlSubject } from '../messages.ts';
import type { AuthorizePublish } from '../messages.ts';
import { describeRoomContract } from '../rooms/rooms.contract.ts';
import { TestNatsServer } from '../testing/nats-server.ts';
import { startEdge, startGateway } from '../testing/services.ts';
import { createNatsControlClient, natsControlServer } from './nats-control.ts';

const server = new TestNatsServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

const open = (): ControlTransport => ({
  client: () => createNatsControlClient(server.url),
  server: (queue) => natsControlServer(server.url, queue),
  settled: (app) => app.unwrap<NatsConnection>().flush(),
});

describeControlContract('over NATS', open);
describeRoomContract('over NATS', open);

describe('control messages over a NATS that goes away', () => {
  const request: AuthorizePublish = {
    key: 'mr_st_x',
    app: 'live',
    edgeId: 'edge-1',
    protocol: 'rtmp',
    clientAddress: '127.0.0.1',
    encoder: 'OBS',
  };
  const cut = { streamId: newId('str'), streamKeyId: undefined, reason: 'taken_over', beforeEpoch: undefined } as const;

  it('goes on when it is back; what could not be sent is counted', async () => {
    const bus = new TestNatsServer();
    await bus.start();
    const gateway = await startGateway(natsControlServer(bus.url, 'gateway'), () => ({
      granted: false,
      refusal: 'bad_key',
    }));
    const edge = await startEdge(natsControlServer(bus.url));
    const proxy = createNatsControlClient(bus.url);
    const errors: string[] = [];
    const client = new ControlPlaneClient(proxy, { onError: (subject) => errors.push(subject) });
    try {
      expect(await client.authorizePublish(request, 15_000)).toEqual({ granted: false, refusal: 'bad_key' });
      await bus.stop();
      expect(await client.authorizePublish(request, 200)).toEqual({ granted: false, refusal: 'unavailable' });
      client.cutPublisher(cut);
      await vi.waitFor(() => expect(errors).toContain(ControlSubject.cutPublisher), 10_000);
      const answer = client.authorizePublish(request, 15_000);
      await bus.start();
      expect(await answer).toEqual({ granted: false, refusal: 'bad_key' });
      // The edge may come back later than the client: what is told before that is lost.
      const told = () => {
        client.cutPublisher(cut);
        expect(edge.cuts).toContainEqual(cut);
      };
      await vi.waitFor(told, 10_000);
    } finally {
      await proxy.close();
      await gateway.app.close();
      await edge.app.close();
      await bus.stop();
    }
  });
});
