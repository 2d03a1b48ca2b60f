// Who may use the relay, and what all others are told: RFC 8489 section 9.2.4 by its cases.
import {
  ErrorCode,
  MessageBuilder,
  MessageIntegrity,
  MessageIntegritySha256,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithms,
  Realm,
  RequestedTransport,
  StunClass,
  StunMethod,
  Userhash,
  Username,
  userhash,
  verifyIntegrity,
  longTermKey,
} from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { longestRealm } from '../request/answers.ts';
import { TestServer } from '../testing/test-server.ts';
import { errorOf } from '../testing/turn-client.ts';
import { OFFERED_ALGORITHMS } from './request-authenticator.ts';

const udp = (builder: MessageBuilder): MessageBuilder => builder.add(RequestedTransport, 17);
const allocate = StunMethod.allocate;

describe('a request without proof', () => {
  it('is told realm, nonce and algorithms, and nothing else', () => {
    const client = new TestServer().client();
    const answer = client.ask(client.signed(allocate, udp))!;
    expect(errorOf(answer)).toBe(401);
    expect(answer.get(Realm)).toBe('millrace');
    expect(answer.get(Nonce)).toMatch(/^obMatJos2/);
    expect(answer.get(PasswordAlgorithms)?.map(({ number }) => number)).toEqual([2, 1]);
    expect(answer.get(ErrorCode)?.reason).toBe('');
    expect(answer.has(MessageIntegrity)).toBe(false);
  });

  it('gets an answer that is no more than 3.2 times as long, for requests of every length', () => {
    const test = new TestServer({ settings: { turnAnswersBurst: 1_000, turnAnswersPerSecond: 1_000 } });
    for (let padding = 0; padding < 40; padding += 4) {
      const builder = new MessageBuilder(StunClass.request, allocate);
      if (padding > 0) builder.addRaw(0x8022, Buffer.alloc(padding - 4));
      const request = builder.build();
      const answer = test.client().put(request);
      expect(answer!.length, `to ${request.length} bytes`).toBeLessThanOrEqual(request.length * 3.2);
    }
  });

  it('gets none when even the shortest would be too long', () => {
    const test = new TestServer({ settings: { turnMaxAmplification: 2 } });
    expect(test.client().put(new MessageBuilder(StunClass.request, allocate).build())).toBeUndefined();
    expect(test.counters.read('met.amplification')).toBe(1);
  });

  it('gets so many answers a second and address after a burst, whatever its port; others are not concerned', () => {
    const test = new TestServer({ settings: { turnAnswersBurst: 100, turnAnswersPerSecond: 10 } });
    const answered = (count: number, address: string): number => {
      const clients = Array.from({ length: count }, () => test.client(undefined, 'udp', address));
      return clients.filter((client) => client.put(client.signed(allocate, udp)) !== undefined).length;
    };
    expect(answered(300, '198.51.100.1')).toBe(100);
    expect(test.counters.read('met.answers_per_second')).toBe(200);
    expect(answered(1, '198.51.100.2')).toBe(1);
    test.clock.advance(1_000);
    expect(answered(100, '198.51.100.1')).toBe(10);
    expect(answered(300, '2001:db8:1:2::1')).toBe(100);
    expect(answered(10, '2001:db8:1:2:ffff::1')).toBe(0);
  });
});

describe('the realm', () => {
  it.each([
    [3.2, 36],
    [3, 32],
    [2, 4],
    [1, -24],
  ])('may be as long as fits into an answer of %s times the shortest request: %s characters', (factor, longest) => {
    expect(longestRealm(factor)).toBe(longest);
    if (longest < 0) return;
    const asked = (length: number) => {
      const test = new TestServer({ settings: { turnMaxAmplification: factor, turnRealm: 'r'.repeat(length) } });
      const client = test.client();
      return client.ask(client.signed(allocate, udp))?.get(Realm);
    };
    expect(asked(longest)).toBe('r'.repeat(longest));
    expect(asked(longest + 1)).toBeUndefined();
  });
});

describe('a request with proof', () => {
  it.each([
    ['MD5 and SHA-1', {}],
    ['MD5 and SHA-256', { integrity: 'sha256' }],
  ] as const)('is carried out: %s; and the answer is proved alike', (_, options) => {
    const test = new TestServer();
    const user = test.user();
    const answer = test.client(user).allocate(undefined, options);
    expect(errorOf(answer)).toBe(0);
    const key = longTermKey(user.username, 'millrace', user.password, 'md5');
    expect(verifyIntegrity(answer, key)).toBe(true);
    expect(answer.has(MessageIntegritySha256)).toBe('integrity' in options);
  });

  it('may choose SHA-256 for its key when it repeats the offer', () => {
    const [sha256, md5] = OFFERED_ALGORITHMS;
    const code = (
      list: readonly (typeof md5 | typeof sha256)[] | undefined,
      choice: typeof md5 | typeof sha256 | undefined,
    ) =>
      errorOf(
        new TestServer().client().allocate(
          (builder) => {
            if (list) builder.add(PasswordAlgorithms, list);
            if (choice) builder.add(PasswordAlgorithm, choice);
          },
          { hash: choice === sha256 ? 'sha256' : 'md5' },
        ),
      );
    expect(code([sha256, md5], sha256)).toBe(0);
    expect(code([sha256, md5], md5)).toBe(0);
    // A party on the path took the better one out, or hid the offer.
    expect(code([md5], md5)).toBe(400);
    expect(code([md5, sha256], sha256)).toBe(400);
    expect(code([sha256, md5], undefined)).toBe(400);
    expect(code(undefined, sha256)).toBe(400);
  });

  it.each([
    ['a wrong password', { password: 'guess' }],
    ['another realm', { realm: 'elsewhere' }],
    ['a name of another form', { username: 'bob' }],
    ['an empty password', { password: '' }],
  ])('is refused with %s', (_, options) => {
    const test = new TestServer();
    const client = test.client();
    expect(errorOf(client.allocate(undefined, options))).toBe(401);
    expect(client.allocation).toBeUndefined();
  });

  it('is refused with another realm, also when it is signed for ours', () => {
    const test = new TestServer();
    const user = test.user();
    const client = test.client(user);
    client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
    const builder = udp(new MessageBuilder(StunClass.request, allocate)).add(Username, user.username);
    builder.add(Realm, 'elsewhere').add(Nonce, client.nonce);
    const request = builder.addIntegrity(longTermKey(user.username, 'millrace', user.password, 'md5'), 'sha1').build();
    expect(errorOf(client.ask(request)!)).toBe(401);
  });

  it('is refused with what belongs to another tenant', () => {
    const test = new TestServer();
    const [mine, theirs] = [test.user('alice'), test.user('alice')];
    expect(errorOf(test.client(mine).allocate(undefined, { username: theirs.username }))).toBe(401);
  });

  it('is refused when the date in its name is over, without a question to the gateway', () => {
    const test = new TestServer();
    const user = test.user('alice', { ttlS: 10 });
    const client = test.client(user);
    expect(errorOf(client.allocate())).toBe(0);
    const asked = test.control.asked.length;
    test.clock.advance(10_000);
    expect(errorOf(test.client(user).allocate())).toBe(401);
    expect(errorOf(client.refresh(600))).toBe(401);
    expect(test.control.asked).toHaveLength(asked);
  });

  it('is accepted with the key of before a rotation, and with the new one', () => {
    const test = new TestServer();
    const old = test.user();
    test.control.rotate();
    expect(errorOf(test.client(old).allocate())).toBe(0);
    expect(errorOf(test.client(test.user()).allocate())).toBe(0);
  });

  it('is told to take a newer nonce, which then does', () => {
    const test = new TestServer();
    const client = test.client();
    client.allocate();
    const old = client.nonce;
    test.clock.advance(3_600_000);
    const stale = client.ask(client.signed(StunMethod.refresh))!;
    expect(errorOf(stale)).toBe(438);
    expect(stale.get(Nonce)).not.toBe(old);
    const other = test.client();
    other.nonce = old;
    expect(errorOf(other.ask(other.signed(allocate, udp))!)).toBe(438);
  });

  it.each([
    ['USERNAME', Username],
    ['REALM', Realm],
    ['NONCE', Nonce],
  ])('is malformed without %s', (_, left) => {
    const test = new TestServer();
    const client = test.client();
    client.ask(client.signed(allocate, udp));
    const builder = udp(new MessageBuilder(StunClass.request, allocate));
    if (left !== Username) builder.add(Username, test.user().username);
    if (left !== Realm) builder.add(Realm, 'millrace');
    if (left !== Nonce) builder.add(Nonce, 'obMatJos2AAAB');
    expect(errorOf(client.ask(builder.addIntegrity(Buffer.from('key'), 'sha1').build())!)).toBe(400);
  });

  it('may not hide its name: the names of credentials that expire cannot be known', () => {
    const test = new TestServer();
    const client = test.client();
    const user = test.user();
    const builder = udp(new MessageBuilder(StunClass.request, allocate)).add(
      Userhash,
      userhash(user.username, 'millrace'),
    );
    builder.add(Realm, 'millrace').add(Nonce, 'x').addIntegrity(Buffer.from('key'), 'sha1');
    expect(errorOf(client.ask(builder.build())!)).toBe(401);
  });

  it('ignores what follows its integrity', () => {
    const test = new TestServer();
    const client = test.client();
    client.ask(client.signed(allocate, udp));
    const before = client.allocate();
    expect(errorOf(before)).toBe(0);
    const request = client.signed(StunMethod.refresh);
    const lifetime = Buffer.from('000d000400000000', 'hex');
    const longer = Buffer.concat([request, lifetime]);
    longer.writeUInt16BE(longer.length - 20, 2);
    expect(errorOf(client.ask(longer)!)).toBe(0);
    expect(client.allocation).toBeDefined();
  });
});

describe('who is not known yet', () => {
  it('waits for the gateway, and is answered then; retransmissions do not ask again', () => {
    const test = new TestServer({ manual: true });
    const user = test.user();
    const client = test.client(user);
    client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
    const request = client.signed(allocate, udp);
    for (let i = 0; i < 3; i++) expect(client.put(request)).toBeUndefined();
    expect(test.counters.read('asked')).toBe(1);
    expect(test.counters.read('waiting')).toBe(3);
    test.answer(user.username);
    expect(test.counters.read('waiting')).toBe(0);
    expect(client.allocation).toBeDefined();
    expect(test.counters.read('allocations')).toBe(1);
  });

  it('is told to try again when no gateway answers', () => {
    const test = new TestServer({ manual: true });
    const client = test.client();
    client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
    expect(client.put(client.signed(allocate, udp))).toBeUndefined();
    test.pass(7_000);
    expect(errorOf(client.ask(client.signed(allocate, udp))!)).toBe(500);
    expect(test.counters.read('waiting')).toBe(0);
  });

  it('goes on while gateways are away if it was known before, to the end of its credential', () => {
    const test = new TestServer();
    const user = test.user('alice', { ttlS: 3_000 });
    const client = test.client(user);
    client.allocate();
    test.control.down = true;
    for (let i = 0; i < 5; i++) {
      test.pass(500_000);
      expect(errorOf(client.refresh(600))).toBe(0);
    }
    expect(errorOf(test.client().allocate())).toBe(500);
    test.pass(500_000);
    expect(errorOf(client.refresh(600))).toBe(401);
  });

  it('cannot make more requests wait than there is room for', () => {
    const test = new TestServer({ manual: true, settings: { turnMaxWaiting: 5, turnAnswersBurst: 1_000 } });
    for (let i = 0; i < 20; i++) {
      const client = test.client(test.user(`user${i}`));
      client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
      client.put(client.signed(allocate, udp));
    }
    expect(test.counters.read('waiting')).toBe(5);
    expect(test.counters.read('met.max_waiting')).toBe(15);
  });

  it('is remembered within bounds', () => {
    const test = new TestServer({ settings: { turnMaxCredentials: 10, turnAnswersBurst: 1_000 } });
    for (let i = 0; i < 100; i++) test.client(test.user(`user${i}`)).allocate();
    expect(test.credentials.size).toBe(10);
  });

  it('makes the gateway be asked no more often than it would get answers', () => {
    const test = new TestServer({ manual: true, settings: { turnAsksBurst: 5, turnAsksPerSecond: 1 } });
    const client = test.client();
    client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
    for (let i = 0; i < 50; i++) client.put(client.signed(allocate, udp, { username: test.user(`u${i}`).username }));
    expect(test.counters.read('asked')).toBe(5);
    expect(test.counters.read('met.asks_per_second')).toBe(45);
  });
});

describe('many users behind one address', () => {
  /** As `count` clients do that begin at the same moment: every first request comes before any second one. */
  function crowd(test: TestServer, count: number) {
    const clients = Array.from({ length: count }, (_, i) => test.client(test.user(`user${i}`), 'udp', '203.0.113.7'));
    for (const client of clients) client.nonce = client.ask(client.signed(allocate, udp))?.get(Nonce) ?? '';
    for (const client of clients) client.put(client.signed(allocate, udp));
    return clients;
  }

  it('are all served in one round, a thousand at once and another thousand behind them', () => {
    const test = new TestServer({ settings: { turnRelayPortMin: 40_000, turnRelayPortMax: 49_999 } });
    for (let round = 0; round < 2; round++)
      expect(crowd(test, 1_000).filter(({ allocation }) => allocation !== undefined)).toHaveLength(1_000);
    expect(test.counters.read('met.answers_per_second')).toBe(0);
    expect(test.counters.read('met.asks_per_second')).toBe(0);
  });

  it('cost no budget once they repeat a nonce of this server, whether they are known or not, or are late', () => {
    const test = new TestServer({ settings: { turnAnswersBurst: 1, turnAnswersPerSecond: 1, turnNonceMs: 1_000 } });
    const client = test.client();
    client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
    const codes = (count: number) =>
      new Set(
        Array.from({ length: count }, () => errorOf(client.ask(client.signed(allocate, udp, { password: 'no' }))!)),
      );
    expect(codes(50)).toEqual(new Set([401]));
    test.clock.advance(2_000);
    expect(codes(50)).toEqual(new Set([438]));
    // A nonce of another client proves nothing.
    const other = test.client();
    other.nonce = client.nonce;
    test.server.receive(test.client(), Buffer.from(other.signed(allocate, udp)));
    expect([1, 2, 3].map(() => other.ask(other.signed(allocate, udp)))).toContain(undefined);
  });

  it('give the question about their name back when it was right, and not when no user has it', () => {
    const test = new TestServer({ settings: { turnAsksBurst: 3, turnAsksPerSecond: 1 } });
    expect(crowd(test, 50).filter(({ allocation }) => allocation !== undefined)).toHaveLength(50);
    test.control.revoked.add('nobody');
    const strangers = Array.from({ length: 10 }, () => test.client(test.user('nobody'), 'udp', '203.0.113.7'));
    const answers = strangers.map((client) => {
      client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
      return client.ask(client.signed(allocate, udp));
    });
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(3);
  });
});

describe('a revocation', () => {
  it('ends what the subject has at once, and refuses it from then on', () => {
    const test = new TestServer();
    const [user, other] = [test.user('alice'), test.user('bob')];
    const [client, second, others] = [test.client(user), test.client(user), test.client(other)];
    for (const each of [client, second, others]) expect(errorOf(each.allocate())).toBe(0);
    test.control.revoked.add('alice');
    expect(test.server.revoke(user.tenantId, 'alice')).toBe(2);
    expect(client.allocation).toBeUndefined();
    expect(others.allocation).toBeDefined();
    expect(errorOf(client.refresh(600))).toBe(401);
    expect(errorOf(test.client(user).allocate())).toBe(401);
    expect(errorOf(others.refresh(600))).toBe(0);
  });

  it('outweighs an answer that was on its way when it came', () => {
    const test = new TestServer({ manual: true });
    const user = test.user('alice');
    const client = test.client(user);
    client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
    client.put(client.signed(allocate, udp));
    test.server.revoke(user.tenantId, 'alice');
    test.answer(user.username);
    expect(client.allocation).toBeUndefined();
  });

  it('of a signing key ends at once the allocations that it granted, and no others', () => {
    const test = new TestServer();
    const old = test.user('alice');
    const { tenantId } = old;
    const other = test.user('alice');
    test.control.rotate();
    const renewed = test.user('bob', { tenantId });
    const [first, second, elsewhere] = [test.client(old), test.client(renewed), test.client(other)];
    for (const each of [first, second, elsewhere]) expect(errorOf(each.allocate())).toBe(0);
    test.control.revokeOlder();
    test.server.recheck(tenantId);
    expect(first.allocation).toBeUndefined();
    expect(second.allocation).toBeDefined();
    // Of another tenant, which is not concerned.
    expect(elsewhere.allocation).toBeDefined();
    expect(errorOf(test.client(old).allocate())).toBe(401);
    expect(errorOf(second.refresh(600))).toBe(0);
  });

  it('that suspends a tenant ends all its allocations at once; while no gateway answers, they go on', () => {
    const test = new TestServer();
    const alice = test.user('alice');
    const bob = test.user('bob', { tenantId: alice.tenantId });
    const clients = [test.client(alice), test.client(bob)];
    for (const each of clients) expect(errorOf(each.allocate())).toBe(0);
    test.control.down = true;
    test.server.recheck(alice.tenantId);
    expect(clients.map((each) => each.allocation !== undefined)).toEqual([true, true]);
    test.control.down = false;
    test.control.suspended.add(alice.tenantId);
    test.server.recheck(alice.tenantId);
    expect(clients.map((each) => each.allocation !== undefined)).toEqual([false, false]);
    expect(errorOf(test.client(alice).allocate())).toBe(401);
  });

  it('of a signing key outweighs an answer that was on its way when it came', () => {
    const test = new TestServer({ manual: true });
    const user = test.user('alice');
    const client = test.client(user);
    client.nonce = client.ask(client.signed(allocate, udp))!.get(Nonce)!;
    client.put(client.signed(allocate, udp));
    test.server.recheck(user.tenantId);
    test.answer(user.username);
    expect(client.allocation).toBeUndefined();
    test.control.suspended.add(user.tenantId);
    test.answer(user.username);
    expect(client.allocation).toBeUndefined();
    expect(errorOf(client.allocate())).toBe(401);
  });
});
