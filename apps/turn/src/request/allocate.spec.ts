// RFC 8656 section 7 by its cases: what an Allocate is answered with, and what it leaves behind.
import {
  AdditionalAddressFamily,
  AddressErrorCode,
  AddressFamily,
  AlternateServer,
  ChannelNumber,
  Data,
  DontFragment,
  EvenPort,
  Lifetime,
  MessageBuilder,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  StunClass,
  StunMethod,
  UnknownAttributes,
  XorMappedAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from '@millrace/protocol/stun';
import type { StunMessage } from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';
import { errorOf, peerAt } from '../testing/turn-client.ts';

const even =
  (reserveNext: boolean) =>
  (builder: { add: (attribute: typeof EvenPort, value: { reserveNext: boolean }) => unknown }) =>
    void builder.add(EvenPort, { reserveNext });

describe('Allocate', () => {
  it('gives a relayed address, its lifetime and the mapped address', () => {
    const test = new TestServer();
    const answer = test.client().allocate();
    expect(answer.get(XorRelayedAddress)).toMatchObject({ family: 'IPv4', address: '8.8.4.4' });
    expect(answer.get(XorMappedAddress)).toEqual({ family: 'IPv4', address: '198.51.100.1', port: 40_000 });
    expect(answer.get(Lifetime)).toBe(600);
    const { port } = answer.get(XorRelayedAddress)!;
    expect(port).toBeGreaterThanOrEqual(50_000);
    expect(port).toBeLessThanOrEqual(50_999);
  });

  it('gives the whole of a lifetime, whatever the clock says behind the point', () => {
    for (let i = 0; i < 200; i++) {
      const test = new TestServer();
      test.clock.advance(i * 1_234.567 + 0.1);
      expect(
        test
          .client()
          .allocate((builder) => builder.add(Lifetime, 1))
          .get(Lifetime),
      ).toBe(600);
    }
  });

  it.each([
    [0, 600],
    [1, 600],
    [1_000, 1_000],
    [0xffff_ffff, 3_600],
  ])('keeps a wanted lifetime of %i s within bounds: %i s', (wanted, given) => {
    const answer = new TestServer().client().allocate((builder) => builder.add(Lifetime, wanted));
    expect(answer.get(Lifetime)).toBe(given);
  });

  it('is refused twice on one 5-tuple, but a retransmission has the same answer', () => {
    const test = new TestServer();
    const client = test.client();
    client.allocate();
    const request = client.signed(StunMethod.allocate, (builder) => builder.add(RequestedTransport, 17));
    expect(errorOf(client.ask(request)!)).toBe(437);

    const other = test.client();
    other.nonce = '';
    other.ask(other.signed(StunMethod.allocate));
    const id = Buffer.alloc(12, 9);
    const first = other.allocate(undefined, { transactionId: id });
    const again = other.allocate(undefined, { transactionId: id });
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect(test.counters.read('allocations')).toBe(2);
    expect(test.counters.read('retransmissions')).toBe(1);
  });

  it('does not take a transaction id for a retransmission when the request is another one', () => {
    const test = new TestServer();
    const client = test.client();
    const id = Buffer.alloc(12, 9);
    client.allocate(undefined, { transactionId: id });
    const other = client.ask(client.signed(StunMethod.refresh, (b) => b.add(Lifetime, 0), { transactionId: id }))!;
    expect(errorOf(other)).toBe(0);
    expect(client.allocation).toBeUndefined();
  });

  it.each([
    ['without a transport', [], 400],
    ['of an unknown transport', [[RequestedTransport, 132]], 442],
    ['of TCP over UDP', [[RequestedTransport, 6]], 400],
    [
      'of a third address family',
      [
        [RequestedTransport, 17],
        [RequestedAddressFamily, 3],
      ],
      440,
    ],
    [
      'of both kinds of family',
      [
        [RequestedTransport, 17],
        [RequestedAddressFamily, 1],
        [AdditionalAddressFamily, 2],
      ],
      400,
    ],
    [
      'of an additional IPv4',
      [
        [RequestedTransport, 17],
        [AdditionalAddressFamily, 1],
      ],
      400,
    ],
    [
      'of a pair of ports in two families',
      [
        [RequestedTransport, 17],
        [AdditionalAddressFamily, 2],
        [EvenPort, { reserveNext: true }],
      ],
      400,
    ],
    [
      'with a token that is none',
      [
        [RequestedTransport, 17],
        [ReservationToken, Buffer.alloc(8)],
      ],
      508,
    ],
    [
      'with a token and EVEN-PORT',
      [
        [RequestedTransport, 17],
        [ReservationToken, Buffer.alloc(8)],
        [EvenPort, { reserveNext: false }],
      ],
      400,
    ],
    [
      'with a token and a family',
      [
        [RequestedTransport, 17],
        [ReservationToken, Buffer.alloc(8)],
        [RequestedAddressFamily, 1],
      ],
      400,
    ],
  ] as const)('is refused %s', (_, attributes, code) => {
    const test = new TestServer();
    const client = test.client();
    const answered = client.code(StunMethod.allocate, (builder) => {
      for (const [attribute, value] of attributes) builder.add<unknown>(attribute, value);
    });
    expect(answered).toBe(code);
    expect(client.allocation).toBeUndefined();
    expect(test.ports.taken).toBe(0);
    expect(test.quotas.allocations(0)).toBe(0);
  });

  it('names what it does not understand', () => {
    const client = new TestServer().client();
    const answer = client.allocate((builder) => {
      builder.addRaw(0x7002, Buffer.alloc(0)).addRaw(0x7001, Buffer.alloc(3)).addRaw(0xf001, Buffer.alloc(3));
    });
    expect(errorOf(answer)).toBe(420);
    expect(answer.get(UnknownAttributes)).toEqual([0x7002, 0x7001]);
  });

  it('is refused with DONT-FRAGMENT where the system cannot keep to it, and only there', () => {
    const test = new TestServer();
    const client = test.client();
    const allocate = () => client.allocate((builder) => builder.add(DontFragment, true));
    const answer = allocate();
    expect(errorOf(answer)).toBe(420);
    expect(answer.get(UnknownAttributes)).toEqual([DontFragment.type]);
    expect(test.ports.taken).toBe(0);
    expect(test.relays.open_.size).toBe(0);
    expect(test.quotas.allocations(0)).toBe(0);
    test.relays.canSendWhole = true;
    expect(errorOf(allocate())).toBe(0);
    client.permit('1.2.3.4');
    client.sendTo('1.2.3.4', 5, 'may be cut up');
    const whole = new MessageBuilder(StunClass.indication, StunMethod.send);
    client.put(
      whole.add(XorPeerAddress, peerAt('1.2.3.4', 5)).add(DontFragment, true).add(Data, Buffer.from('may not')).build(),
    );
    expect(test.relays.sent.map(({ bytes, whole: isWhole }) => [String(bytes), isWhole])).toEqual([
      ['may be cut up', undefined],
      ['may not', true],
    ]);
  });

  it('has IPv6 relays, and one of each family', () => {
    const test = new TestServer();
    const ipv6 = test.client().allocate((builder) => builder.add(RequestedAddressFamily, AddressFamily.ipv6));
    expect(ipv6.get(XorRelayedAddress)).toMatchObject({ family: 'IPv6', address: '2001:4860:4860::8844' });
    const both = test.client().allocate((builder) => builder.add(AdditionalAddressFamily, AddressFamily.ipv6));
    expect(both.getAll(XorRelayedAddress).map(({ family }) => family)).toEqual(['IPv4', 'IPv6']);
  });

  it('says which family it does not have', () => {
    const test = new TestServer();
    test.relays.addresses = { IPv4: '8.8.4.4' };
    expect(errorOf(test.client().allocate((b) => b.add(RequestedAddressFamily, AddressFamily.ipv6)))).toBe(440);
    const both = test.client().allocate((builder) => builder.add(AdditionalAddressFamily, AddressFamily.ipv6));
    expect(errorOf(both)).toBe(0);
    expect(both.get(AddressErrorCode)).toMatchObject({ family: AddressFamily.ipv6, code: 440 });
  });

  it('goes to another port where one is in use by another process, and says 508 when none is left', () => {
    const test = new TestServer({ settings: { turnRelayPortMin: 50_000, turnRelayPortMax: 50_003 } });
    test.relays.taken.add(50_001);
    const ports = Array.from({ length: 3 }, () => test.client().relay());
    expect(ports.sort()).toEqual([50_000, 50_002, 50_003]);
    expect(errorOf(test.client().allocate())).toBe(508);
    expect(test.counters.read('met.relay_ports')).toBe(1);
    expect(test.quotas.allocations(0)).toBe(3);
  });

  it('sends new clients elsewhere while the server drains; those that it has go on', () => {
    const test = new TestServer({ settings: { turnAlternateServers: ['192.0.2.9:3478'] } });
    const old = test.client();
    old.allocate();
    test.server.drain();
    const answer = test.client().allocate();
    expect(errorOf(answer)).toBe(300);
    expect(answer.get(AlternateServer)).toEqual({ family: 'IPv4', address: '192.0.2.9', port: 3478 });
    expect(errorOf(old.refresh(600))).toBe(0);
    expect(errorOf(test.client(undefined, 'udp', '2001:db8::9').allocate())).toBe(508);
  });
});

describe('EVEN-PORT and RESERVATION-TOKEN', () => {
  it('give an even port, and the one above it to the same user, once', () => {
    const test = new TestServer();
    const user = test.user();
    const answer = test.client(user).allocate(even(true));
    const { port } = answer.get(XorRelayedAddress)!;
    const token = answer.get(ReservationToken)!;
    expect(port % 2).toBe(0);
    expect(token).toHaveLength(8);
    const take = (who = user): StunMessage =>
      test.client(who).allocate((builder) => builder.add(ReservationToken, token));
    expect(errorOf(take(test.user('mallory')))).toBe(508);
    expect(take().get(XorRelayedAddress)?.port).toBe(port + 1);
    expect(errorOf(take())).toBe(508);
  });

  it('keep the reserved port for 30 seconds, and no longer', () => {
    const test = new TestServer();
    const user = test.user();
    const token = test.client(user).allocate(even(true)).get(ReservationToken)!;
    expect(test.ports.taken).toBe(2);
    expect(test.counters.read('reservations')).toBe(1);
    test.pass(29_000);
    expect(test.ports.taken).toBe(2);
    test.pass(3_000);
    expect(test.ports.taken).toBe(1);
    expect(test.counters.read('reservations')).toBe(0);
    expect(errorOf(test.client(user).allocate((builder) => builder.add(ReservationToken, token)))).toBe(508);
  });

  it.each([false, true])('leave nothing behind over a thousand rounds; reserve: %s', (reserve) => {
    const test = new TestServer({ settings: { turnAnswersBurst: 1_000_000 } });
    const user = test.user();
    for (let i = 0; i < 1_000; i++) {
      const client = test.client(user);
      expect(errorOf(client.allocate(even(reserve)))).toBe(0);
      client.refresh(0);
      test.pass(i % 100 === 99 ? 32_000 : 0);
    }
    test.pass(32_000);
    expect(test.ports.taken).toBe(0);
    expect(test.relays.open_.size).toBe(0);
    expect(test.counters.read('reservations')).toBe(0);
  });
});

describe('a 5-tuple without an allocation', () => {
  it.each([
    ['Refresh', StunMethod.refresh],
    ['CreatePermission', StunMethod.createPermission],
    ['ChannelBind', StunMethod.channelBind],
  ])('is told so: %s', (_, method) => {
    expect(new TestServer().client().code(method, (builder) => builder.add(ChannelNumber, 0x4000))).toBe(437);
  });

  it('is not helped by another one of the same user, nor may another user touch one', () => {
    const test = new TestServer();
    const [alice, mallory] = [test.user('alice'), test.user('mallory')];
    const client = test.client(alice);
    client.allocate();
    expect(errorOf(test.client(alice).refresh(0))).toBe(437);
    const { username, password } = mallory;
    for (const method of [StunMethod.refresh, StunMethod.createPermission, StunMethod.channelBind])
      expect(client.code(method, (builder) => builder.add(Lifetime, 0), { username, password })).toBe(441);
    expect(client.allocation).toBeDefined();
  });

  it('is the same user with a renewed credential', () => {
    const test = new TestServer();
    const alice = test.user('alice', { ttlS: 100 });
    const client = test.client(alice);
    client.allocate();
    const { username, password } = test.user('alice', { tenantId: alice.tenantId, ttlS: 1_000 });
    expect(client.code(StunMethod.refresh, undefined, { username, password })).toBe(0);
  });
});
