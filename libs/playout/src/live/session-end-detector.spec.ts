import { DEFAULT_STREAM_SETTINGS, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemoryLiveStore } from '@millrace/live-store';
import { SessionEndDetector, sessionReader } from './session-end-detector.ts';

const WINDOW_MS = DEFAULT_STREAM_SETTINGS.reconnectWindowMs;

describe('a stream whose publisher is gone', () => {
  let store: MemoryLiveStore;
  beforeEach(() => void (store = createMemoryLiveStore()));
  afterEach(() => store.close());

  const request = {
    tenantId: newId('ten'),
    streamId: newId('str'),
    streamKeyId: newId('skey'),
    edgeId: 'edge-1',
    newSessionId: newId('ses'),
    settings: DEFAULT_STREAM_SETTINGS,
    maxLiveStreams: 10,
  };
  /** Whether it is over once the reconnect window has passed. */
  async function isOver(): Promise<boolean> {
    const detector = new SessionEndDetector();
    const session = await sessionReader(store)(request.streamId);
    return !detector.observe(session, 0) && detector.observe(session, WINDOW_MS);
  }

  it('is over after the window, unless an encoder waits that will go on', async () => {
    const taken = await store.claimPublish(request);
    if (taken.outcome !== 'claimed') throw new Error(taken.outcome);
    expect(await isOver()).toBe(false);
    await store.releaseClaim(taken.claim);
    expect(await isOver()).toBe(true);
    const waiting = await store.claimPublish({ ...request, role: 'backup', newSessionId: newId('ses') });
    if (waiting.outcome !== 'standby') throw new Error(waiting.outcome);
    expect(await isOver()).toBe(true);
    const details = { protocol: 'rtmp', encoder: 'backup', clientAddress: '192.0.2.7' };
    const report = { claim: waiting.claim, silentMs: 0, isReady: true, details, newSessionId: newId('ses') };
    await store.renewStandbys([report], 60_000);
    expect(await isOver()).toBe(false);
  });
});
