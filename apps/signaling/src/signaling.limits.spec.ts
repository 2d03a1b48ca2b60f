// Every limit, met: the right error for its sender, a count for the operator, and no other participant notices.
import { ALL_PERMISSIONS } from '@millrace/domain';
import type { JoinRefusal } from '@millrace/domain';
import { afterEach, describe, expect, it } from 'vitest';
import type { RoomsSettings } from './settings.ts';
import { TestClient } from './testing/test-client.ts';
import { sampleRoom } from './testing/test-gateway.ts';
import { TestSignaling } from './testing/test-pod.ts';

const SDP = (direction: string): string =>
  ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', `a=${direction}`, ''].join(
    '\r\n',
  );
const HOST = 'candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host';

let signaling: TestSignaling;
afterEach(() => signaling.close());
const start = async (changed: Partial<RoomsSettings> = {}): Promise<void> => {
  signaling = await TestSignaling.start(changed);
};

/** Series of a metric that have counted something. */
async function metric(name: string): Promise<string[]> {
  const text = await signaling.pods[0]!.metrics.text();
  return text.split('\n').filter((line) => line.startsWith(`millrace_${name}`) && !line.endsWith(' 0'));
}

/** Tries to join. @returns the code of the refusal */
async function refusal(token: string, more: object = {}): Promise<string> {
  const client = await TestClient.connect(signaling.port);
  client.send({ type: 'join', version: 1, token, id: 'j', ...more });
  const { code, reply_to } = await client.one('error');
  expect(reply_to).toBe('j');
  expect((await client.untilClosed()).code).toBe(1008);
  return code;
}

async function status(options: object): Promise<string> {
  return TestClient.connect(signaling.port, options).then(
    () => 'open',
    (error: unknown) => String(error),
  );
}

describe('a join', () => {
  it.each<JoinRefusal>([
    'token_expired',
    'token_not_yet_valid',
    'room_not_found',
    'room_ended',
    'tenant_suspended',
    'unavailable',
  ])('is refused in the words of the control plane: %s', async (code) => {
    await start();
    signaling.gateway.answers.set('t', { granted: false, refusal: code });
    expect(await refusal('t')).toBe(code);
    expect(await metric('signaling_joins_total')).toEqual([`millrace_signaling_joins_total{outcome="${code}"} 1`]);
  });

  it('meets each quota and says which', async () => {
    await start();
    const { gateway, port } = signaling;
    expect(await refusal('nonsense')).toBe('bad_token');
    const pair = sampleRoom({ type: 'one_to_one', maxParticipants: 2 });
    const limits = { maxRooms: 2, maxParticipants: 3 };
    const token = gateway.token(pair, { limits });
    await TestClient.join(port, token);
    await TestClient.join(port, token);
    expect(await refusal(token)).toBe('room_full');
    const second = sampleRoom({ tenantId: pair.tenantId });
    await TestClient.join(port, gateway.token(second, { limits }));
    const denied = await TestClient.connect(port);
    denied.send({ type: 'join', version: 1, token: gateway.token(second, { limits }) });
    expect(await denied.one('error')).toMatchObject({
      code: 'quota',
      detail: expect.stringMatching(/\(participants\)$/) as string,
    });
    const third = await TestClient.connect(port);
    const many = { ...limits, maxParticipants: 9 };
    third.send({
      type: 'join',
      version: 1,
      token: gateway.token(sampleRoom({ tenantId: pair.tenantId }), { limits: many }),
    });
    expect(await third.one('error')).toMatchObject({
      code: 'quota',
      detail: expect.stringMatching(/\(rooms\)$/) as string,
    });
    expect(await refusal(gateway.token({ ...second, locked: true, version: 2 }))).toBe('room_locked');
    expect(await metric('signaling_joins_total')).toContain('millrace_signaling_joins_total{outcome="quota"} 2');
    expect(await metric('signaling_rooms')).toEqual(['millrace_signaling_rooms 2']);
    expect(await metric('signaling_peers')).toEqual(['millrace_signaling_peers 3']);
  });

  it('of another version, with too long a name or too much metadata is refused', async () => {
    await start();
    const token = signaling.gateway.token(sampleRoom());
    expect(await refusal(token, { version: 2 })).toBe('unsupported_version');
    expect(await refusal(token, { name: 'x'.repeat(129) })).toBe('bad_message');
    expect(await refusal(token, { metadata: { a: 'x'.repeat(2_100) } })).toBe('bad_message');
    await TestClient.join(signaling.port, token, { name: 'é'.repeat(128), metadata: { a: 'x'.repeat(2_000) } });
  });

  it('that does not come ends the socket in time; pings do not hold it open', async () => {
    await start({ signalingJoinMs: 150 });
    const idle = await TestClient.connect(signaling.port);
    const pinger = setInterval(() => idle.send({ type: 'ping' }), 20);
    expect(await idle.untilClosed()).toEqual({ code: 1008, reason: 'timeout' });
    clearInterval(pinger);
    expect(idle.all('error')).toMatchObject([{ code: 'timeout' }]);
    expect(await metric('signaling_closed_sockets_total')).toEqual([
      'millrace_signaling_closed_sockets_total{reason="timeout"} 1',
    ]);
  });

  it('is done by its time also when the control plane takes longer: no participant is left in the room', async () => {
    await start({ signalingJoinMs: 100 });
    const room = sampleRoom();
    const granted = signaling.gateway.answers.get(signaling.gateway.token(room))!;
    const { promise, resolve } = Promise.withResolvers<Awaited<typeof granted>>();
    signaling.gateway.answers.set('slow', promise);
    const slow = await TestClient.connect(signaling.port);
    slow.send({ type: 'join', version: 1, token: 'slow' });
    expect((await slow.untilClosed()).reason).toBe('timeout');
    resolve(await granted);
    await expect
      .poll(() => metric('signaling_departures_total'))
      .toEqual(['millrace_signaling_departures_total{reason="left"} 1']);
    expect(await signaling.presence.participants(room.roomId)).toEqual([]);
  });

  it('goes on without relays when none can be issued', async () => {
    await start();
    signaling.gateway.iceAnswer = { granted: false, refusal: 'unavailable' };
    const { joined } = await TestClient.join(signaling.port, signaling.gateway.token(sampleRoom()));
    expect(joined.ice_servers).toEqual([]);
    expect(Date.parse(joined.ice_expires_at)).toBeLessThanOrEqual(Date.now());
  });
});

describe('admission control', () => {
  it('opens to the origins that it is told, and to clients that are no browsers', async () => {
    await start({ signalingAllowedOrigins: ['https://app.example'] });
    expect(await status({ origin: 'https://app.example' })).toBe('open');
    expect(await status({})).toBe('open');
    for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null', ''])
      expect(await status({ headers: { origin } })).toMatch(/403/);
    expect(await metric('signaling_refused_sockets_total')).toEqual([
      'millrace_signaling_refused_sockets_total{reason="origin"} 5',
    ]);
  });

  it('holds so many sockets, so many from one address, and gives places back', async () => {
    await start({ signalingMaxSockets: 3, signalingMaxSocketsPerAddress: 2, signalingTrustedProxies: 1 });
    const from = (address: string) => ({ headers: { 'x-forwarded-for': `1.1.1.1, ${address}` } });
    const first = await TestClient.connect(signaling.port, from('192.0.2.1'));
    expect(await status(from('192.0.2.1'))).toBe('open');
    expect(await status(from('192.0.2.1'))).toMatch(/429/);
    expect(await status(from('2001:db8:1:2::1'))).toBe('open');
    expect(await status(from('192.0.2.3'))).toMatch(/503/);
    await first.drop();
    await expect.poll(() => status(from('192.0.2.1'))).toBe('open');
  });

  it('does not count those that have joined a room against their address, also after a resume', async () => {
    await start({ signalingMaxSocketsPerAddress: 2 });
    const room = sampleRoom();
    const seated: TestClient[] = [];
    for (let i = 0; i < 5; i++) {
      const { client, joined } = await TestClient.join(signaling.port, signaling.gateway.token(room));
      seated.push(client);
      if (i !== 0) continue;
      const resumed = await TestClient.resume(signaling.port, joined.resume_token, 0);
      await resumed.one('resumed');
      seated.push(resumed);
    }
    const waiting = [await TestClient.connect(signaling.port), await TestClient.connect(signaling.port)];
    expect(await status({})).toMatch(/429/);
    // Those that leave give no place back that they did not have.
    for (const client of seated) if (client.ws.readyState === client.ws.OPEN) await client.drop();
    expect(await status({})).toMatch(/429/);
    await waiting[0]!.drop();
    await expect.poll(() => status({})).toBe('open');
  });

  it('opens so often for one address', async () => {
    await start({ signalingConnectsPerMinute: 3 });
    const outcomes: string[] = [];
    for (let i = 0; i < 5; i++) outcomes.push(await status({}));
    expect(outcomes.slice(0, 3)).toEqual(['open', 'open', 'open']);
    expect(outcomes.slice(3).join()).toMatch(/429.*429/);
  });
});

describe('messages', () => {
  const join = async (changed: Partial<RoomsSettings> = {}, permissions = ALL_PERMISSIONS) => {
    await start(changed);
    const room = sampleRoom();
    const bob = await TestClient.join(signaling.port, signaling.gateway.token(room));
    const ada = await TestClient.join(signaling.port, signaling.gateway.token(room, { permissions }));
    return { ada: ada.client, bob: bob.client, to: bob.joined.participant.id, self: ada.joined.participant.id };
  };
  const codes = (client: TestClient) => client.all('error').map(({ code }) => code);

  it('beyond the rate end the socket; what was within it has arrived', async () => {
    const { ada, bob } = await join({ signalingMessageBurst: 10, signalingMessagesPerSecond: 1 });
    for (let i = 0; i < 50; i++) ada.send({ type: 'chat', text: String(i) });
    expect(await ada.untilClosed()).toEqual({ code: 1008, reason: 'rate_limited' });
    expect(codes(ada)).toEqual(['rate_limited']);
    expect(bob.all('chat').length).toBeLessThanOrEqual(10);
  });

  it('of a participant who may not publish or chat are refused where they would', async () => {
    const { ada, bob, to } = await join({}, { publish: false, chat: false, rename: false });
    ada.send({ type: 'offer', to, sdp: SDP('sendrecv'), id: '1' });
    ada.send({ type: 'answer', to, sdp: SDP('sendonly'), id: '2' });
    ada.send({ type: 'chat', text: 'hi', id: '3' });
    ada.send({ type: 'offer', to, sdp: SDP('recvonly'), id: '4' });
    await ada.one('accepted');
    expect(ada.all('error').map(({ code, reply_to }) => `${reply_to} ${code}`)).toEqual([
      '1 not_permitted',
      '2 not_permitted',
      '3 not_permitted',
    ]);
    await bob.one('offer');
    expect(bob.all('chat')).toEqual([]);
  });

  it('that say that there are no more candidates arrive as such', async () => {
    const { ada, bob, to } = await join();
    ada.send({ type: 'candidate', to, candidate: null, id: '1' });
    await ada.one('accepted');
    expect(await bob.one('end_of_candidates')).toMatchObject({ from: expect.stringMatching(/^par_/) as string });
    expect(bob.all('candidate')).toEqual([]);
  });

  it('of descriptions and candidates have their limits', async () => {
    const { ada, to } = await join({
      signalingMaxCandidates: 3,
      signalingMaxSdpSections: 1,
      signalingMaxSdpBytes: 2_048,
    });
    const candidate = (id: string) => ada.send({ type: 'candidate', to, candidate: { candidate: HOST }, id });
    for (const id of ['1', '2', '3', '4']) candidate(id);
    ada.send({ type: 'offer', to, sdp: SDP('sendrecv'), id: '5' });
    candidate('6');
    ada.send({ type: 'offer', to, sdp: `${SDP('sendrecv')}m=video 9 UDP/TLS/RTP/SAVPF 96\r\n`, id: '7' });
    ada.send({ type: 'offer', to, sdp: `${SDP('sendrecv')}a=${'x'.repeat(2_048)}\r\n`, id: '8' });
    ada.send({ type: 'candidate', to, candidate: { candidate: 'nonsense' }, id: '9' });
    ada.send({ type: 'chat', text: 'é'.repeat(2_049), id: '10' });
    await ada.one('error', 5);
    expect(ada.all('accepted').map(({ reply_to }) => reply_to)).toEqual(['1', '2', '3', '5', '6']);
    expect(ada.all('error').map(({ code, reply_to }) => `${reply_to} ${code}`)).toEqual([
      '4 too_many_candidates',
      '7 bad_sdp',
      '8 bad_sdp',
      '9 bad_candidate',
      '10 bad_message',
    ]);
    expect(await metric('signaling_errors_total')).toContain('millrace_signaling_errors_total{code="bad_sdp"} 2');
  });

  it('before a join, or a second join, are told so', async () => {
    const { ada } = await join();
    ada.send({ type: 'join', version: 1, token: 'x', id: 'again' });
    expect(await ada.one('error')).toMatchObject({ code: 'already_joined', reply_to: 'again' });
    const early = await TestClient.connect(signaling.port);
    early.send({ type: 'chat', text: 'hi' });
    expect(await early.one('error')).toMatchObject({ code: 'not_joined' });
  });

  it('that are none are told so, for ever when they come slowly', async () => {
    const { ada } = await join({ signalingBadMessageBurst: 2, signalingBadMessagesPerMinute: 1_000_000 });
    for (let i = 1; i <= 40; i++) {
      ada.send({ type: 'reaction' } as never);
      await ada.one('error', i);
    }
    ada.send({ type: 'ping' });
    await ada.one('pong');
    expect(new Set(codes(ada))).toEqual(new Set(['unknown_type']));
  });

  it('that are none are told so, up to a number at once', async () => {
    const { ada } = await join();
    for (let i = 0; i < 20; i++) ada.sendText(i % 2 ? '{}' : '{"type":"nope","id":"n"}');
    expect(await ada.untilClosed()).toEqual({ code: 1008, reason: 'too_many_errors' });
    expect(codes(ada)).toEqual([
      ...Array.from({ length: 16 }, (_, i) => (i % 2 ? 'bad_message' : 'unknown_type')),
      'too_many_errors',
    ]);
    expect(ada.all('error')[0]).toMatchObject({ reply_to: 'n' });
  });

  it('for ICE servers are asked so often', async () => {
    const { ada } = await join();
    for (let i = 0; i < 7; i++) ada.send({ type: 'ice_servers', id: String(i) });
    await ada.one('error', 2);
    expect(ada.all('ice_servers')).toHaveLength(5);
    expect(codes(ada)).toEqual(['rate_limited', 'rate_limited']);
    expect(ada.closed).toBeUndefined();
  });

  it('reach no participant of another room or tenant', async () => {
    const { ada, bob } = await join();
    const stranger = await TestClient.join(signaling.port, signaling.gateway.token(sampleRoom()));
    const to = stranger.joined.participant.id;
    ada.send({ type: 'offer', to, sdp: SDP('sendrecv') });
    ada.send({ type: 'candidate', to, candidate: { candidate: HOST } });
    ada.send({ type: 'chat', to, text: 'psst' });
    ada.send({ type: 'chat', text: 'all' });
    await bob.one('chat');
    expect(codes(ada)).toEqual(['unknown_participant', 'unknown_participant', 'unknown_participant']);
    expect(stranger.client.events).toEqual([]);
  });

  it('carry glare: offers that cross are passed on, and roles are opposite', async () => {
    const { ada, bob, to, self } = await join();
    for (let i = 0; i < 100; i++) {
      ada.send({ type: 'offer', to, sdp: SDP('sendrecv') });
      bob.send({ type: 'offer', to: self, sdp: SDP('sendrecv') });
    }
    await ada.one('offer', 100);
    await bob.one('offer', 100);
    const adaIsPolite = ada.all('joined')[0]!.participants[0]!.polite;
    const bobIsPolite = bob.all('participant_joined')[0]!.participant.polite;
    expect([adaIsPolite, bobIsPolite]).toEqual([true, false]);
  });
});

describe('silence', () => {
  it('is broken by a ping; who does not answer is taken for dead, who does is not', async () => {
    await start({ signalingPingMs: 60 });
    const token = signaling.gateway.token(sampleRoom());
    const lively = await TestClient.join(signaling.port, token);
    const dead = await TestClient.connect(signaling.port, { autoPong: false });
    dead.send({ type: 'join', version: 1, token });
    await dead.one('joined');
    expect((await dead.untilClosed()).code).toBe(1006);
    expect(await lively.client.one('participant_updated')).toMatchObject({ participant: { state: 'reconnecting' } });
    expect(lively.client.closed).toBeUndefined();
    expect(await metric('signaling_closed_sockets_total')).toContain(
      'millrace_signaling_closed_sockets_total{reason="silent"} 1',
    );
  });
});
