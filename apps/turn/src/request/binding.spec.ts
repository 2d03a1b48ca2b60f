import {
  ChangeRequest,
  decodeMessage,
  FINGERPRINT,
  hasValidFingerprint,
  MappedAddress,
  MessageBuilder,
  OtherAddress,
  Padding,
  ResponseOrigin,
  ResponsePort,
  StunClass,
  StunMethod,
  UnknownAttributes,
  XorMappedAddress,
} from '@millrace/protocol/stun';
import type { TransportAddress } from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';
import { errorOf, peerAt } from '../testing/turn-client.ts';

const binding = (add: (builder: MessageBuilder) => unknown = () => undefined): Buffer => {
  const builder = new MessageBuilder(StunClass.request, StunMethod.binding);
  add(builder);
  return builder.build();
};
const addresses = ['192.0.2.1', '192.0.2.2'].flatMap((address) => [3478, 3479].map((port) => peerAt(address, port)));
const discovery = { IPv4: addresses as [TransportAddress, TransportAddress, TransportAddress, TransportAddress] };

describe('a Binding request', () => {
  it.each(['udp', 'tcp'] as const)('is answered with the address that it came from, over %s', (transport) => {
    const answer = new TestServer().client(undefined, transport, '2001:db8::7').ask(binding())!;
    expect(answer.get(XorMappedAddress)).toEqual({ family: 'IPv6', address: '2001:db8::7', port: 40_000 });
    expect(answer.attributeTypes).toEqual([XorMappedAddress.type]);
  });

  it('has a fingerprint in its answer when it had one itself', () => {
    const answer = new TestServer().client().ask(binding((builder) => builder.addFingerprint()))!;
    expect(answer.has({ type: FINGERPRINT })).toBe(true);
    expect(hasValidFingerprint(answer)).toBe(true);
  });

  it('is told what it asks that is not understood; NAT discovery without a second address is', () => {
    const client = new TestServer().client();
    const answer = client.ask(binding((b) => b.add(ChangeRequest, { changeIp: true, changePort: true })))!;
    expect(errorOf(answer)).toBe(420);
    expect(answer.get(UnknownAttributes)).toEqual([ChangeRequest.type]);
  });

  it('is answered so many times a second for each address after a burst', () => {
    const test = new TestServer({ settings: { turnBindingsPerSecond: 50, turnBindingsBurst: 200 } });
    const count = (many: number): number =>
      Array.from({ length: many }, () => test.client().put(binding())).filter(Boolean).length;
    expect(count(500)).toBe(200);
    test.clock.advance(1_000);
    expect(count(500)).toBe(50);
    expect(test.counters.read('met.bindings_per_second')).toBe(750);
  });
});

describe('NAT behaviour discovery', () => {
  it.each([
    ['nothing changed', 0, false, false, 0],
    ['another port', 0, false, true, 1],
    ['another address', 0, true, false, 2],
    ['both', 0, true, true, 3],
    ['another address, seen from the last', 3, true, false, 1],
  ])('answers from where it is asked to: %s', (_, origin, changeIp, changePort, from) => {
    const client = new TestServer({ discovery }).client();
    client.origin = origin;
    client.put(binding((b) => b.add(ChangeRequest, { changeIp, changePort })));
    const [sent] = client.elsewhere;
    const answer = decodeMessage(sent!.bytes);
    expect(sent!.origin).toBe(from);
    expect(answer.get(ResponseOrigin)).toEqual(addresses[from]);
    expect(answer.get(OtherAddress)).toEqual(addresses[origin ^ 3]);
    expect(answer.get(MappedAddress)).toEqual(answer.get(XorMappedAddress));
  });

  it('answers to another port, and with as much padding as came, within bounds', () => {
    const client = new TestServer({ discovery }).client();
    client.put(binding((b) => b.add(ResponsePort, 7).add(Padding, 100)));
    client.put(binding((b) => b.add(Padding, 60_000)));
    expect(client.elsewhere[0]!.port).toBe(7);
    expect(decodeMessage(client.elsewhere[0]!.bytes).get(Padding)).toBe(100);
    expect(decodeMessage(client.elsewhere[1]!.bytes).get(Padding)).toBe(1_500);
  });
});
