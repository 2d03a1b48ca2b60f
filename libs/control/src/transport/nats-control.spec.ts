import { newId } from '@millrace/domain';
import { connect } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeControlContract } from '../control.contract.ts';
import type { ControlTransport } from '../control.contract.ts';
import { ControlPlaneClient } from '../control-plane-client.ts';
import { ControlSubject } from '../messages.ts';
import type { AuthorizePublish } from '../messages.ts';
import { describeRoomContract } from '../rooms/rooms.contract.ts';
import { TestNatsServer } from '../testing/nats-server.ts';
import { startEdge, startGateway } from '../testing/services.ts';
import { sealedSubject } from '../seal/seal-messages.ts';
import { natsConnectOptions } from './nats-connect-options.ts';
import { createNatsControlClient, natsControlGateway, natsControlServer } from './nats-control.ts';
import type { NatsGatewayOptions } from './nats-control.ts';
import { natsInboxPrefix } from './nats-inbox-prefix.ts';

const SEAL_SECRET = 'a secret that all gateways of the tests share';

const server = new TestNatsServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

const open = (): ControlTransport => ({
  client: () => createNatsControlClient({ url: server.url, inboxPrefix: natsInboxPrefix('rtmp-edge') }),
  server: (queue) =>
    queue === undefined
      ? natsControlServer({ url: server.url })
      : natsControlGateway({ url: server.url, queue, sealSecret: SEAL_SECRET }),
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
    const gateway = await startGateway(
      natsControlGateway({ url: bus.url, queue: 'gateway', sealSecret: SEAL_SECRET }),
      () => ({
        granted: false,
        refusal: 'bad_key',
      }),
    );
    const edge = await startEdge(natsControlServer({ url: bus.url }));
    const proxy = createNatsControlClient({ url: bus.url });
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

describe('control messages over a bus where others listen', () => {
  const request: AuthorizePublish = {
    key: 'mr_st_of-an-encoder-that-is-nobody-elses',
    app: 'live',
    edgeId: 'edge-1',
    protocol: 'rtmp',
    clientAddress: '127.0.0.1',
    encoder: 'OBS',
  };
  const refused = { granted: false, refusal: 'bad_key' } as const;
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const gateway = async (options: Partial<NatsGatewayOptions> = {}) => {
    const started = await startGateway(
      natsControlGateway({ url: server.url, queue: 'gateway', sealSecret: SEAL_SECRET, ...options }),
      () => refused,
    );
    closing.push(() => started.app.close());
    await open().settled(started.app);
    return started;
  };
  const clear = () => {
    const proxy = ClientProxyFactory.create({ transport: Transport.NATS, options: natsConnectOptions(server.url) });
    closing.push(async () => proxy.close() as unknown);
    return proxy;
  };
  /** Everything that goes over the server, to read and to repeat. */
  const listener = async () => {
    const connection = await connect({ servers: server.url });
    closing.push(() => connection.close());
    const heard: Msg[] = [];
    connection.subscribe('>', { callback: (_error, message) => void heard.push(message) });
    await connection.flush();
    return { connection, heard };
  };

  it('shows them no key and no answer', async () => {
    const { connection, heard } = await listener();
    await gateway();
    const proxy = createNatsControlClient({ url: server.url, inboxPrefix: natsInboxPrefix('rtmp-edge') });
    closing.push(async () => proxy.close() as unknown);
    expect(await new ControlPlaneClient(proxy).authorizePublish(request, 15_000)).toEqual(refused);
    await connection.flush();
    const sent = heard.find(({ subject }) => subject === sealedSubject(ControlSubject.authorizePublish));
    expect(sent?.reply).toMatch(/^_INBOX\.rtmp-edge\./);
    const everything = heard.map((message) => message.string()).join('\n');
    for (const secret of [request.key, 'bad_key', 'granted', request.clientAddress, request.encoder])
      expect(everything).not.toContain(secret);
  });

  it('refuses a request that is repeated, and does not hand it to a handler', async () => {
    const { connection, heard } = await listener();
    const asked = await gateway();
    const proxy = createNatsControlClient({ url: server.url });
    closing.push(async () => proxy.close() as unknown);
    await new ControlPlaneClient(proxy).authorizePublish(request, 15_000);
    await connection.flush();
    const sent = heard.find(({ subject }) => subject === sealedSubject(ControlSubject.authorizePublish))!;
    const repeated = await connection.request(sent.subject, sent.data, { timeout: 10_000 });
    expect(repeated.json()).toMatchObject({ response: { refusal: 'repeated' } });
    expect(asked.requests).toBe(1);
  });

  it('answers no request in clear, unless that is allowed while older services are upgraded', async () => {
    await gateway();
    const strict = await new ControlPlaneClient(clear()).authorizePublish(request, 200);
    expect(strict).toEqual({ granted: false, refusal: 'unavailable' });
    await gateway({ acceptClear: true });
    expect(await new ControlPlaneClient(clear()).authorizePublish(request, 15_000)).toEqual(refused);
  });

  it('goes on with gateways that have another secret: their key is asked for anew', async () => {
    const first = await gateway();
    const proxy = createNatsControlClient({ url: server.url });
    closing.push(async () => proxy.close() as unknown);
    const client = new ControlPlaneClient(proxy);
    expect(await client.authorizePublish(request, 15_000)).toEqual(refused);
    await first.app.close();
    const second = await gateway({ sealSecret: 'of an installation that was made anew' });
    expect(await client.authorizePublish(request, 15_000)).toEqual(refused);
    expect(second.requests).toBe(1);
  });
});
