// What passes between client and peer, by which mechanism, for how long.
import {
  ChannelNumber,
  Data,
  DontFragment,
  decodeMessage,
  Lifetime,
  MessageBuilder,
  RequestedAddressFamily,
  AdditionalAddressFamily,
  StunClass,
  StunMethod,
  XorPeerAddress,
} from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';
import type { TestServerOptions } from '../testing/test-server.ts';
import { errorOf, peerAt } from '../testing/turn-client.ts';

const PEER = '1.2.3.4';

describe.each([
  ['as the server’s own', false],
  ['where they were received', true],
])('datagrams are relayed %s:', (_how, isInPlace) => {
  function allocated(options?: TestServerOptions, transport: 'udp' | 'tcp' = 'udp') {
    const test = new TestServer({ ...options, isInPlace });
    const client = test.client(undefined, transport);
    const port = client.relay();
    const last = () => client.received.at(-1);
    const got = () => client.received.length;
    return { test, client, port, last, got };
  }

  describe('permissions', () => {
    it('let through what they are for: by address, whatever the port', () => {
      const { test, client, port, last } = allocated();
      expect(client.permit(PEER)).toBe(0);
      client.sendTo(PEER, 1000, 'hello');
      expect(test.relays.sent).toEqual([{ bytes: Buffer.from('hello'), address: PEER, port: 1000 }]);
      test.relays.fromPeer(port, 'world', PEER, 2000);
      const indication = decodeMessage(last()!);
      expect([indication.class, indication.method]).toEqual([StunClass.indication, StunMethod.data]);
      expect(indication.get(XorPeerAddress)).toEqual({ family: 'IPv4', address: PEER, port: 2000 });
      expect(Buffer.from(indication.get(Data)!).toString()).toBe('world');
      // What was in the memory before must not leave with it.
      expect(last()!.subarray(-3)).toEqual(Buffer.alloc(3));
    });

    it('are needed in both directions', () => {
      const { test, client, port, got } = allocated();
      const before = got();
      client.sendTo(PEER, 1000, 'x');
      test.relays.fromPeer(port, 'x', PEER, 1000);
      client.permit('4.3.2.1');
      const after = got();
      client.sendTo(PEER, 1000, 'x');
      test.relays.fromPeer(port, 'x', PEER, 1000);
      expect(test.relays.sent).toEqual([]);
      expect(got() - after).toBe(0);
      expect(after - before).toBe(1);
      expect(test.counters.read('dropped.no_permission')).toBe(4);
    });

    it('last 300 seconds, and what goes through does not prolong them', () => {
      const { test, client, port, got } = allocated();
      client.permit(PEER);
      for (let i = 0; i < 29; i++) {
        test.pass(10_000);
        client.sendTo(PEER, 1, 'x');
        test.relays.fromPeer(port, 'x', PEER, 1);
      }
      expect(test.relays.sent).toHaveLength(29);
      test.pass(9_999);
      client.sendTo(PEER, 1, 'x');
      expect(test.relays.sent).toHaveLength(30);
      const before = got();
      test.clock.advance(1);
      client.sendTo(PEER, 1, 'x');
      test.relays.fromPeer(port, 'x', PEER, 1);
      expect(test.relays.sent).toHaveLength(30);
      expect(got()).toBe(before);
    });

    it('begin anew when they are asked for again', () => {
      const { test, client } = allocated();
      client.permit(PEER);
      test.pass(299_000);
      client.permit(PEER);
      test.pass(299_000);
      client.sendTo(PEER, 1, 'x');
      expect(test.relays.sent).toHaveLength(1);
    });

    it('are given all together, or none', () => {
      const { test, client } = allocated();
      expect(client.permit(PEER, '192.168.1.1')).toBe(403);
      client.sendTo(PEER, 1, 'x');
      expect(client.permit(PEER, '2001:4860:4860::8888')).toBe(443);
      client.sendTo(PEER, 1, 'x');
      expect(client.code(StunMethod.createPermission)).toBe(400);
      expect(test.relays.sent).toEqual([]);
      expect(test.counters.read('permissions')).toBe(0);
    });

    it('are bounded in number, and room comes back as they end', () => {
      const { test, client } = allocated({ settings: { turnMaxPermissions: 3 } });
      expect(client.permit('1.1.1.1', '1.1.1.2', '1.1.1.3')).toBe(0);
      expect(client.permit('1.1.1.4')).toBe(508);
      expect(client.permit('1.1.1.3')).toBe(0);
      expect(test.counters.read('met.max_permissions')).toBe(1);
      test.clock.advance(300_000);
      expect(client.permit('1.1.1.4')).toBe(0);
      expect(client.permit(...Array.from({ length: 100 }, (_, i) => `1.1.2.${i}`))).toBe(508);
    });
  });

  describe('channels', () => {
    it('carry data both ways with four bytes before it', () => {
      const { test, client, port, last } = allocated();
      expect(client.bind(0x4001, PEER, 1000)).toBe(0);
      client.sendOn(0x4001, 'hello');
      expect(test.relays.sent).toEqual([{ bytes: Buffer.from('hello'), address: PEER, port: 1000 }]);
      test.relays.fromPeer(port, 'world', PEER, 1000);
      expect(last()!.toString('latin1')).toBe('\x40\x01\x00\x05world');
      // From another port of that peer there is no channel, but a permission.
      test.relays.fromPeer(port, 'other', PEER, 1001);
      expect(decodeMessage(last()!).get(XorPeerAddress)?.port).toBe(1001);
    });

    it('pad to four bytes in a stream, and not in datagrams', () => {
      const { test, client, port, last } = allocated(undefined, 'tcp');
      client.bind(0x4001, PEER, 1000);
      test.relays.fromPeer(port, 'world', PEER, 1000);
      expect(last()!.toString('latin1')).toBe('\x40\x01\x00\x05world\0\0\0');
    });

    it.each([
      [0x3fff, 400],
      [0x4000, 0],
      [0x4fff, 0],
      [0x5000, 0],
      [0x7fff, 0],
      [0x8000, 400],
      [0xffff, 400],
    ])('may have the number 0x%s', (number, code) => {
      const { client } = allocated();
      const asked = client.code(StunMethod.channelBind, (b) => {
        b.addRaw(ChannelNumber.type, Buffer.of(number >> 8, number & 255, 0, 0)).add(XorPeerAddress, peerAt(PEER, 1));
      });
      expect(asked).toBe(code);
    });

    it('end at 0x4FFF where old clients are not served', () => {
      const { client } = allocated({ settings: { turnOldChannels: false } });
      expect(client.bind(0x4fff, PEER, 1)).toBe(0);
      const asked = client.code(StunMethod.channelBind, (b) =>
        b.addRaw(ChannelNumber.type, Buffer.from('50000000', 'hex')).add(XorPeerAddress, peerAt(PEER, 2)),
      );
      expect(asked).toBe(400);
    });

    it('belong to one peer, and a peer to one of them', () => {
      const { client } = allocated();
      expect(client.bind(0x4001, PEER, 1000)).toBe(0);
      expect(client.bind(0x4001, PEER, 1001)).toBe(400);
      expect(client.bind(0x4002, PEER, 1000)).toBe(400);
      expect(client.bind(0x4001, PEER, 1000)).toBe(0);
      expect(client.bind(0x4002, PEER, 1001)).toBe(0);
      expect(client.bind(0x4003, PEER, 0)).toBe(400);
      expect(client.code(StunMethod.channelBind, (b) => b.add(ChannelNumber, 0x4005))).toBe(400);
      expect(client.code(StunMethod.channelBind, (b) => b.add(XorPeerAddress, peerAt(PEER, 5)))).toBe(400);
    });

    it('last ten minutes, give a permission of five, and are free for others afterwards', () => {
      const { test, client, port, got } = allocated({ settings: { turnAllocationMs: 3_600_000 } });
      client.bind(0x4001, PEER, 1000);
      test.pass(299_500);
      test.relays.fromPeer(port, 'x', PEER, 1000);
      const before = got();
      test.pass(500);
      test.relays.fromPeer(port, 'x', PEER, 1000);
      expect(got()).toBe(before);
      test.pass(299_000);
      client.sendOn(0x4001, 'x');
      expect(test.relays.sent).toHaveLength(1);
      test.pass(1_000);
      client.sendOn(0x4001, 'x');
      expect(test.relays.sent).toHaveLength(1);
      expect(test.counters.read('dropped.no_channel')).toBe(1);
      // The five minutes in which a client must not use the number again are the client's affair (RFC 8656 section 12).
      expect(client.bind(0x4001, '4.3.2.1', 7)).toBe(0);
    });

    it('are refreshed together with their permission', () => {
      const { test, client, port, got } = allocated({ settings: { turnAllocationMs: 3_600_000 } });
      client.bind(0x4001, PEER, 1000);
      test.pass(250_000);
      client.bind(0x4001, PEER, 1000);
      test.pass(250_000);
      const before = got();
      test.relays.fromPeer(port, 'x', PEER, 1000);
      expect(got()).toBe(before + 1);
      test.pass(340_000);
      client.sendOn(0x4001, 'x');
      expect(test.relays.sent).toHaveLength(1);
    });

    it('are bounded in number', () => {
      const { test, client } = allocated({ settings: { turnMaxChannels: 2 } });
      expect([1, 2, 3].map((port) => client.bind(0x4000 + port, PEER, port))).toEqual([0, 0, 508]);
      expect(test.counters.read('met.max_channels')).toBe(1);
    });

    it.each([
      ['a length beyond the datagram', '400100ff6869', 0, 'malformed'],
      ['a header that is cut', '4001', 0, 'malformed'],
      ['another number', '400200026869', 0, 'no_channel'],
      ['no data', '40010000', 1, undefined],
      ['padding', '4001000268690000', 1, undefined],
    ] as const)('take or drop data with %s', (_, hex, sent, reason) => {
      const { test, client } = allocated();
      client.bind(0x4001, PEER, 1000);
      client.put(Buffer.from(hex, 'hex'));
      expect(test.relays.sent).toHaveLength(sent);
      if (reason) expect(test.counters.read(`dropped.${reason}`)).toBe(1);
    });
  });

  describe('an allocation', () => {
    it('ends on time, with everything in it, and its port is free again', () => {
      const { test, client, port, got } = allocated();
      client.permit(PEER);
      client.bind(0x4001, '4.3.2.1', 1);
      test.clock.stepWall(-3_600_000);
      test.clock.stepWall(7_200_000);
      test.pass(599_500);
      client.sendOn(0x4001, 'x');
      expect(test.relays.sent).toHaveLength(1);
      expect(client.allocation).toBeDefined();
      const before = got();
      test.clock.advance(500);
      client.sendOn(0x4001, 'x');
      test.relays.fromPeer(port, 'x', '4.3.2.1', 1);
      expect([test.relays.sent.length, got()]).toEqual([1, before]);
      test.pass(2_000);
      expect(client.allocation).toBeUndefined();
      expect(test.ports.taken).toBe(0);
      expect(test.relays.open_.size).toBe(0);
      for (const gauge of ['allocations', 'permissions', 'channels'] as const)
        expect(test.counters.read(gauge)).toBe(0);
    });

    it('lives on when it is refreshed, and ends at once with a lifetime of 0; that is answered alike when it comes again', () => {
      const { test, client } = allocated();
      test.pass(590_000);
      expect(client.refresh(600).get(Lifetime)).toBe(600);
      test.pass(590_000);
      expect(client.allocation).toBeDefined();
      const request = client.signed(StunMethod.refresh, (builder) => builder.add(Lifetime, 0));
      const answer = client.ask(request)!;
      expect(answer.get(Lifetime)).toBe(0);
      expect(client.allocation).toBeUndefined();
      expect(test.server.pendingTimers).toBe(0);
      expect(client.ask(request)!.bytes.equals(answer.bytes)).toBe(true);
      expect(errorOf(client.refresh(0))).toBe(437);
      expect(errorOf(client.allocate())).toBe(0);
    });

    it('may end in one family and go on in the other', () => {
      const test = new TestServer({ isInPlace });
      const client = test.client();
      client.allocate((builder) => builder.add(AdditionalAddressFamily, 2));
      expect(client.permit(PEER, '2001:4860:4860::8888')).toBe(0);
      const end = client.code(StunMethod.refresh, (b) => b.add(Lifetime, 0).add(RequestedAddressFamily, 1));
      expect(end).toBe(0);
      client.sendTo(PEER, 1, 'x');
      client.sendTo('2001:4860:4860::8888', 1, 'y');
      expect(test.relays.sent.map(({ address }) => address)).toEqual(['2001:4860:4860::8888']);
      expect(client.permit(PEER)).toBe(443);
      expect(client.code(StunMethod.refresh, (b) => b.add(RequestedAddressFamily, 1))).toBe(443);
      test.pass(605_000);
      expect(test.ports.taken).toBe(0);
    });

    it('ends with the connection of its client', () => {
      const { test, client } = allocated(undefined, 'tcp');
      test.server.flowClosed(client);
      expect(test.ports.taken).toBe(0);
      expect(client.allocation).toBeUndefined();
    });

    it('tells what it has relayed: each minute while it lives, and at its end', () => {
      const { test, client, port } = allocated();
      client.bind(0x4001, PEER, 1000);
      for (let i = 0; i < 10; i++) client.sendOn(0x4001, '12345');
      test.relays.fromPeer(port, '123', PEER, 1000);
      test.pass(61_000);
      client.sendOn(0x4001, '12345');
      client.refresh(0);
      expect(test.usage).toMatchObject([
        { sentBytes: 50, sentPackets: 10, receivedBytes: 3, receivedPackets: 1, final: false, subject: 'alice' },
        { sentBytes: 5, sentPackets: 1, receivedBytes: 0, receivedPackets: 0, final: true, allocation: '0-1' },
      ]);
      expect(test.usage[1]!.fromMs).toBe(test.usage[0]!.toMs);
    });
  });

  describe('Send indications', () => {
    it('may be empty', () => {
      const { test, client } = allocated();
      client.permit(PEER);
      client.sendTo(PEER, 1, '');
      expect(test.relays.sent).toHaveLength(1);
    });

    it.each([
      ['no peer', (b: MessageBuilder) => b.add(Data, Buffer.from('x'))],
      ['no data', (b: MessageBuilder) => b.add(XorPeerAddress, peerAt(PEER, 1))],
      [
        'DONT-FRAGMENT, which cannot be done',
        (b: MessageBuilder) =>
          b.add(XorPeerAddress, peerAt(PEER, 1)).add(Data, Buffer.from('x')).add(DontFragment, true),
      ],
    ])('are dropped without an answer: %s', (_, add) => {
      const { test, client, got } = allocated();
      client.permit(PEER);
      const before = got();
      client.put(add(new MessageBuilder(StunClass.indication, StunMethod.send)).build());
      expect(test.relays.sent).toEqual([]);
      expect(got()).toBe(before);
    });
  });

  describe('rates', () => {
    const limits = (test: TestServer, over: object): void => {
      test.control.limits = { ...test.control.limits, ...over };
    };
    const blast = (
      test: TestServer,
      options: { clients: number; packets: number; user: ReturnType<TestServer['user']> },
    ) => {
      const data = 'x'.repeat(1_000);
      for (let c = 0; c < options.clients; c++) {
        const client = test.client(options.user);
        client.relay();
        client.bind(0x4001, PEER, 1);
        for (let i = 0; i < options.packets; i++) client.sendOn(0x4001, data);
      }
      return test.relays.sent.length;
    };

    it('hold one allocation to its own, both directions together', () => {
      const test = new TestServer({ isInPlace });
      limits(test, { maxBitsPerSecondPerAllocation: 8 * 200_000 });
      const client = test.client();
      const port = client.relay();
      client.bind(0x4001, PEER, 1);
      const second = (): number => {
        const before = test.counters.read('sentPackets') + test.counters.read('receivedPackets');
        for (let i = 0; i < 500; i++) {
          client.sendOn(0x4001, 'x'.repeat(1_000));
          test.relays.fromPeer(port, 'x'.repeat(1_000), PEER, 1);
          test.clock.advance(2);
        }
        return test.counters.read('sentPackets') + test.counters.read('receivedPackets') - before;
      };
      second();
      expect(second()).toBeGreaterThan(190);
      expect(second()).toBeLessThan(210);
      expect(test.counters.read('met.bits_per_second_per_allocation')).toBeGreaterThan(1_000);
    });

    it('hold a tenant to its own over all of its allocations, and leave other tenants alone', () => {
      const test = new TestServer({ isInPlace });
      limits(test, { maxBitsPerSecond: 8 * 400_000 });
      const [noisy, quiet] = [test.user('a'), test.user('b')];
      // A quarter of a second's worth.
      expect(blast(test, { clients: 5, packets: 50, user: noisy })).toBe(100);
      expect(test.counters.read('met.bits_per_second_per_tenant')).toBe(150);
      expect(blast(test, { clients: 1, packets: 50, user: quiet })).toBe(150);
      test.pass(500);
      expect(blast(test, { clients: 1, packets: 200, user: noisy })).toBe(250);
    });
  });
});
