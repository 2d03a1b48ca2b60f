// The whole server without sockets, given damaged messages by a client that has everything: nothing may throw, nothing may leak.
import {
  Data,
  MessageBuilder,
  RequestedTransport,
  StunClass,
  StunMethod,
  XorPeerAddress,
} from '@millrace/protocol/stun';
import { TestServer } from './testing/test-server.ts';
import { peerAt } from './testing/turn-client.ts';

const PEER = peerAt('1.2.3.4', 1000);
const test = new TestServer({ settings: { turnMaxPermissions: 64, turnMaxChannels: 64 }, isInPlace: true });
const user = test.user('fuzz', { ttlS: 1_000_000_000 });
const client = test.client(user);

function prepare(): void {
  client.relay();
  client.bind(0x4001, PEER.address, PEER.port);
}
prepare();

export const seeds: readonly Uint8Array[] = [
  client.signed(StunMethod.allocate, (builder) => builder.add(RequestedTransport, 17)),
  client.signed(StunMethod.refresh),
  client.signed(StunMethod.createPermission, (builder) => builder.add(XorPeerAddress, PEER)),
  new MessageBuilder(StunClass.request, StunMethod.binding).addFingerprint().build(),
  new MessageBuilder(StunClass.indication, StunMethod.send)
    .add(XorPeerAddress, PEER)
    .add(Data, Buffer.from('x'))
    .build(),
  Buffer.from('40010004deadbeef', 'hex'),
];

export function fuzz(data: Uint8Array): void {
  client.put(data);
  if (!client.allocation) prepare();
  client.received.length = 0;
  test.relays.sent.length = 0;
  const { size } = test.server.allocations;
  if (size !== 1) throw new Error(`${size} allocations of one client`);
}
