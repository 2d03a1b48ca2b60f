// What rooms are built on goes away, and comes back, perhaps with everything forgotten.
import { createMemoryRoomBus, InProcessControl } from '@millrace/control';
import { createRedisPresence } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { presenceLimitsOf } from './settings.ts';
import { TestClient } from './testing/test-client.ts';
import { sampleRoom, TestGateway } from './testing/test-gateway.ts';
import { startPod, testSettings, TestSignaling } from './testing/test-pod.ts';
import type { TestPod } from './testing/test-pod.ts';

describe('Redis', () => {
  let redis: RedisServer;
  let presence: PresenceStore;
  let gateway: TestGateway;
  let pod: TestPod;
  let token: string;
  const roomFacts = sampleRoom();

  beforeEach(async () => {
    redis = await startRedisServer();
    const settings = testSettings({ roomRenewMs: 50, roomSweepMs: 50 });
    presence = await createRedisPresence({
      ...presenceLimitsOf(settings),
      url: redis.url,
      timeoutMs: 500,
      maxReconnectDelayMs: 50,
    });
    const control = new InProcessControl();
    gateway = await TestGateway.start({ strategy: control.server('gateway') }, control.client());
    const ports = { presence, roomBus: createMemoryRoomBus(), client: () => control.client() };
    pod = await startPod({ ...ports, server: () => ({ strategy: control.server() }) }, settings);
    token = gateway.token(roomFacts);
  });
  afterEach(async () => {
    await pod.app.close();
    await gateway.close();
    await presence.close();
    await redis.stop();
  });

  const meet = async () => {
    const ada = await TestClient.join(pod.port, token);
    const bob = await TestClient.join(pod.port, token);
    return { ada, bob: bob.client };
  };

  it('stands still: requests are refused and not forgotten about, places are kept', { timeout: 30_000 }, async () => {
    const { ada, bob } = await meet();
    redis.pause();
    bob.send({ type: 'chat', text: 'into the void', id: '1' });
    expect(await bob.one('error')).toMatchObject({ code: 'unavailable', reply_to: '1' });
    expect(pod.readiness.report()).toMatchObject({ ready: false, checks: { presence: expect.any(String) as string } });
    const late = await TestClient.connect(pod.port);
    late.send({ type: 'join', version: 1, token });
    expect(await late.one('error')).toMatchObject({ code: 'unavailable' });
    redis.resume();
    await expect.poll(() => presence.isReady(), { timeout: 10_000 }).toBe(true);
    bob.send({ type: 'chat', text: 'again' });
    await expect.poll(() => ada.client.all('chat').at(-1)?.text, { timeout: 10_000 }).toBe('again');
    expect([ada.client.closed, bob.closed]).toEqual([undefined, undefined]);
    expect(ada.client.events.map(({ sequence }) => sequence)).toEqual(ada.client.events.map((_, i) => i + 1));
    expect(await pod.metrics.text()).toMatch(/millrace_signaling_store_failures_total\{op="post"\} [1-9]/);
  });

  it('comes back empty: clients are sent to join again, and meet again', { timeout: 30_000 }, async () => {
    const { ada, bob } = await meet();
    await redis.restart();
    expect(await ada.client.untilClosed()).toEqual({ code: 1012, reason: 'restart' });
    expect((await bob.untilClosed()).code).toBe(1012);
    const back = await TestClient.resume(pod.port, ada.joined.resume_token, ada.client.lastSequence);
    expect(await back.one('error')).toMatchObject({ code: 'resume_unknown' });
    back.send({ type: 'join', version: 1, token });
    await back.one('joined');
    await TestClient.join(pod.port, token);
    await back.one('participant_joined');
  });
});

describe('the server', () => {
  it('stops: no one is admitted, participants are asked to reconnect elsewhere, and their places are kept', async () => {
    const signaling = await TestSignaling.start({ signalingDrainMs: 10_000 }, 2);
    const room = sampleRoom();
    const token = signaling.gateway.token(room);
    const [first, second] = signaling.pods as [TestPod, TestPod];
    const ada = await TestClient.join(first.port, token);
    const waiting = await TestClient.connect(first.port);
    const stopped = first.app.close();
    expect(await ada.client.one('go_away')).toEqual({ type: 'go_away', reason: 'draining' });
    expect(await waiting.untilClosed()).toEqual({ code: 1001, reason: 'drained' });
    await expect(TestClient.connect(first.port)).rejects.toThrow(/503/);
    const back = await TestClient.resume(second.port, ada.joined.resume_token, 0);
    await back.one('resumed');
    expect(await ada.client.untilClosed()).toEqual({ code: 1000, reason: 'moved' });
    await stopped;
    expect(await signaling.presence.participants(room.roomId)).toMatchObject([{ state: 'connected' }]);
    await second.app.close();
    expect(await signaling.presence.participants(room.roomId)).toMatchObject([{ state: 'reconnecting' }]);
    await signaling.gateway.close();
  });
});
