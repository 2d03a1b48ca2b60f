// RFC 8016: an allocation goes along with its client to another address.
import { MobilityTicket, StunMethod } from '@millrace/protocol/stun';
import type { StunMessage } from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import type { TestFlow } from '../testing/test-flow.ts';
import { TestServer } from '../testing/test-server.ts';
import { errorOf } from '../testing/turn-client.ts';

const EMPTY = new Uint8Array(0);
const ticketOf = (answer: StunMessage): Uint8Array => answer.get(MobilityTicket)!;
const mobile = (client: TestFlow): StunMessage => client.allocate((builder) => builder.add(MobilityTicket, EMPTY));

describe('an allocation with a ticket', () => {
  it('goes on at the address that its client names it from, with its relay, permissions and channels', () => {
    const test = new TestServer();
    const user = test.user();
    const old = test.client(user);
    const ticket = ticketOf(mobile(old));
    expect(ticket.length).toBeGreaterThanOrEqual(16);
    const [port] = test.relays.open_.keys();
    old.bind(0x4001, '1.2.3.4', 5);

    const moved = test.client(user, 'udp', '203.0.113.50');
    const answer = moved.moveHere(ticket);
    expect(errorOf(answer)).toBe(0);
    expect(ticketOf(answer)).not.toEqual(ticket);
    expect(old.allocation).toBeUndefined();
    moved.sendOn(0x4001, 'from here');
    expect(test.relays.sent.map(({ bytes }) => String(bytes))).toEqual(['from here']);
    const before = moved.received.length;
    test.relays.fromPeer(port!, 'to here', '1.2.3.4', 5);
    expect(moved.received).toHaveLength(before + 1);
    expect(errorOf(old.refresh(600))).toBe(437);
    expect(test.counters.read('allocations')).toBe(1);
  });

  it('is named by printable characters only, for clients that keep a ticket as a C string', () => {
    const test = new TestServer();
    const client = test.client(test.user());
    let ticket = ticketOf(mobile(client));
    const seen = [ticket];
    // A random byte is zero in 1 of 256: in as many tickets of 16 bytes, none would be with a chance below 1e-6.
    for (let count = 0; count < 256; count++) {
      ticket = ticketOf(client.moveHere(ticket));
      seen.push(ticket);
    }
    for (const each of seen) expect(Buffer.from(each).toString('latin1')).toMatch(/^[\x21-\x7e]{16,32}$/);
  });

  it('moves once by each ticket, again by the next, and back', () => {
    const test = new TestServer();
    const user = test.user();
    const [home, away] = [test.client(user), test.client(user, 'udp', '203.0.113.50')];
    const first = ticketOf(mobile(home));
    const second = ticketOf(away.moveHere(first));
    expect(errorOf(test.client(user).moveHere(first))).toBe(437);
    expect(errorOf(home.moveHere(second))).toBe(0);
    expect(home.allocation).toBeDefined();
    expect(away.allocation).toBeUndefined();
  });

  it('is its user’s alone, and not that of a 5-tuple that has one already', () => {
    const test = new TestServer();
    const user = test.user();
    const ticket = ticketOf(mobile(test.client(user)));
    expect(errorOf(test.client(test.user('mallory')).moveHere(ticket))).toBe(441);
    const other = test.client(user);
    other.allocate();
    expect(errorOf(other.moveHere(ticket))).toBe(437);
    expect(errorOf(test.client(user).moveHere(Buffer.alloc(16, 1)))).toBe(437);
    expect(errorOf(test.client(user).moveHere(EMPTY))).toBe(400);
    expect(errorOf(test.client(user).moveHere(ticket))).toBe(0);
  });

  it('ends by a ticket too, and its ticket with it', () => {
    const test = new TestServer();
    const user = test.user();
    const ticket = ticketOf(mobile(test.client(user)));
    expect(errorOf(test.client(user).moveHere(ticket, 0))).toBe(0);
    expect(test.counters.read('allocations')).toBe(0);
    expect(errorOf(test.client(user).moveHere(ticket))).toBe(437);
    expect(test.relays.open_.size).toBe(0);
  });

  it('waits for a while once its connection is gone; one without a ticket ends at once', () => {
    const test = new TestServer({ settings: { turnMoveMs: 30_000 } });
    const user = test.user();
    const [plain, first, second] = [1, 2, 3].map(() => test.client(user, 'tcp')) as [TestFlow, TestFlow, TestFlow];
    plain.allocate();
    const [ticket, late] = [ticketOf(mobile(first)), ticketOf(mobile(second))];
    for (const flow of [plain, first, second]) {
      flow.closed = true;
      test.server.flowClosed(flow);
    }
    expect(test.counters.read('allocations')).toBe(2);
    test.pass(20_000);
    const moved = test.client(user);
    expect(errorOf(moved.moveHere(ticket))).toBe(0);
    test.pass(20_000);
    expect(test.counters.read('allocations')).toBe(1);
    expect(errorOf(test.client(user).moveHere(late))).toBe(437);
    expect(moved.allocation).toBeDefined();
  });

  it('ends when its user is revoked, wherever it is', () => {
    const test = new TestServer();
    const user = test.user();
    const ticket = ticketOf(mobile(test.client(user)));
    test.client(user, 'udp', '203.0.113.50').moveHere(ticket);
    test.control.revoked.add(user.subject);
    expect(test.server.revoke(user.tenantId, user.subject)).toBe(1);
  });
});

describe('a server that has it turned off, or more than one thread', () => {
  it.each([{ turnMobility: false }, { turnThreads: 2 }])('says so: %j', (settings) => {
    const test = new TestServer({ settings });
    const client = test.client();
    expect(errorOf(mobile(client))).toBe(405);
    expect(errorOf(client.allocate())).toBe(0);
    expect(client.code(StunMethod.refresh, (builder) => builder.add(MobilityTicket, Buffer.alloc(16)))).toBe(405);
  });
});

it('a client that asks for none gets none', () => {
  const client = new TestServer().client();
  expect(client.allocate().has(MobilityTicket)).toBe(false);
  expect(client.refresh(600).has(MobilityTicket)).toBe(false);
});
