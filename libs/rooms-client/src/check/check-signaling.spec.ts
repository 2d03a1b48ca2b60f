import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { checkSignaling, SIGNALING_CHECK_TIMEOUT_MS } from './check-signaling.ts';

function start() {
  const clock = new FakeClock();
  const server = new FakeServer();
  const check = checkSignaling({ url: 'ws://rooms', token: 't', clock, openSocket: server.openSocket });
  return { clock, server, check };
}

it('asks without entering the room, and brings the ICE servers', async () => {
  const { clock, server, check } = start();
  clock.advance(7);
  server.current.accept();
  expect(server.current.last).toEqual({ type: 'probe', version: 1, token: 't' });
  clock.advance(5);
  server.current.say({ type: 'probed', ice_servers: [{ urls: ['stun:a'] }], ice_expires_at: '' });
  expect(await check).toEqual({ result: { ok: true, ms: 12 }, iceServers: [{ urls: ['stun:a'] }] });
  expect([server.current.closedByClient, clock.waiting]).toEqual([true, 0]);
});

it('tells a refusal from silence', async () => {
  const refused = start();
  refused.server.current.accept();
  refused.server.current.say({ type: 'error', code: 'token_expired', detail: '' });
  expect((await refused.check).result).toMatchObject({ ok: false, problem: 'refused', detail: 'token_expired' });
  const closed = start();
  closed.server.current.drop(1006);
  expect((await closed.check).result).toMatchObject({ ok: false, problem: 'no_answer', detail: '1006' });
  const silent = start();
  silent.clock.advance(SIGNALING_CHECK_TIMEOUT_MS);
  expect((await silent.check).result).toMatchObject({ ok: false, problem: 'no_answer', detail: 'timeout' });
});
