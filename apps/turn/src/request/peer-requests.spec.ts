// Every denied address, in every spelling, by every request of the server: none may be reached.
import { AdditionalAddressFamily } from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { DENIED_PEERS, PUBLIC_PEERS } from '../testing/peer-matrix.ts';
import { TestServer } from '../testing/test-server.ts';
import type { TestServerOptions } from '../testing/test-server.ts';

function both(options?: TestServerOptions) {
  const test = new TestServer(options);
  const client = test.client();
  client.allocate((builder) => builder.add(AdditionalAddressFamily, 2));
  return { test, client };
}

describe('what may be no peer', () => {
  it('is refused a permission', () => {
    const { test, client } = both({ settings: { turnAnswersBurst: 10_000 } });
    for (const address of DENIED_PEERS) expect(client.permit(address), address).toBe(403);
    expect(test.counters.read('permissions')).toBe(0);
    expect(DENIED_PEERS.length).toBeGreaterThan(200);
  });

  it('is refused together with a public address, which then is not permitted either', () => {
    const { test, client } = both({ settings: { turnAnswersBurst: 10_000 } });
    for (const address of DENIED_PEERS) expect(client.permit('1.2.3.4', address), address).toBe(403);
    client.sendTo('1.2.3.4', 1, 'x');
    expect(test.relays.sent).toEqual([]);
  });

  it('is refused a channel', () => {
    const { test, client } = both({ settings: { turnAnswersBurst: 10_000 } });
    DENIED_PEERS.forEach((address, i) => expect(client.bind(0x4000 + i, address, 80), address).toBe(403));
    expect(test.counters.read('channels')).toBe(0);
  });

  it('is sent nothing, and is not heard', () => {
    const { test, client } = both();
    const ports = [...test.relays.open_.keys()];
    const before = client.received.length;
    for (const address of DENIED_PEERS) {
      client.sendTo(address, 80, 'x');
      for (const port of ports) test.relays.fromPeer(port, 'x', address, 80);
    }
    expect(test.relays.sent).toEqual([]);
    expect(client.received).toHaveLength(before);
  });

  it('does not shut out who may be one', () => {
    const { test, client } = both();
    PUBLIC_PEERS.forEach((address, i) => {
      expect(client.permit(address), address).toBe(0);
      expect(client.bind(0x4000 + i, address, 80), address).toBe(0);
      client.sendTo(address, 80, 'x');
    });
    expect(test.relays.sent).toHaveLength(PUBLIC_PEERS.length);
  });
});

describe('this server’s own address', () => {
  const OWN = '8.8.4.4';

  it('is reached at the relays of other clients, and at no other port', () => {
    const { test, client } = both();
    const port = test.client().relay();
    expect(client.permit(OWN)).toBe(0);
    expect(client.bind(0x4001, OWN, port)).toBe(0);
    for (const denied of [22, 80, 3478, 49_999]) expect(client.bind(0x4002, OWN, denied)).toBe(403);
    client.sendTo(OWN, 22, 'x');
    client.sendTo(OWN, 3478, 'x');
    expect(test.relays.sent).toEqual([]);
    client.sendTo(OWN, port, 'x');
    expect(test.relays.sent).toHaveLength(1);
  });
});
