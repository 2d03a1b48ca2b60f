// Rates and repeats of timed metadata, by a clock of the test.
import { Codec, DEFAULT_STREAM_SETTINGS, FrameFlag, newId } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { expect, it } from 'vitest';
import { ActivePublishers } from './active-publishers.ts';
import { LivePublisher } from './live-publisher.ts';
import { TimedMetadataInserter } from './timed-metadata-inserter.ts';

const payload = Buffer.from('metadata').toString('base64');
const RATES = { timedMetadataPerSecond: 2, timedMetadataPerSecondPerTenant: 3 };

function setUp() {
  let nowMs = 0;
  const clock = () => nowMs;
  const bus = createMemoryFrameBus();
  const active = new ActivePublishers();
  const inserter = new TimedMetadataInserter(active, RATES, clock);
  const newStream = (tenantId: string) => {
    const claim = {
      tenantId,
      streamId: newId('str'),
      streamKeyId: newId('skey'),
      sessionId: newId('ses'),
      epoch: 1_000,
      edgeId: 'edge-1',
      sessionStartedAtMs: 1_000,
      epochStartedAtMs: 1_000,
      settings: DEFAULT_STREAM_SETTINGS,
    };
    const publisher = new LivePublisher(claim, bus.openPublisher(claim.streamId, 1_000), {
      clock,
      trackWaitMs: 0,
      features: new Set(),
    });
    publisher.sequencer.video(Codec.h264, FrameFlag.keyframe, 0, 0, Buffer.of(1));
    active.add({
      publisher,
      health: { observe: () => undefined, promoted: () => undefined },
      cut: () => undefined,
      end: () => undefined,
      askToReconnect: () => false,
    });
    const put = (id: string) => inserter.insert({ id, streamId: claim.streamId, epoch: 1_000, payload });
    return { put, publisher };
  };
  return { newStream, pass: (ms: number) => void (nowMs += ms) };
}

it('takes so much a second of a stream, and twice as much at once', async () => {
  const { newStream, pass } = setUp();
  const { put, publisher } = newStream(newId('ten'));
  const outcomes = [];
  for (const id of ['a', 'b', 'c', 'd', 'e']) outcomes.push(await put(id));
  expect(outcomes).toEqual(['written', 'written', 'written', 'written', 'stream_rate']);
  expect(await put('d')).toBe('written');
  pass(500);
  expect([await put('e'), await put('f')]).toEqual(['written', 'stream_rate']);
  expect(publisher.counts.dataMessages).toBe(5);
});

it('takes so much a second of all streams of a tenant, and leaves other tenants theirs', async () => {
  const { newStream, pass } = setUp();
  const [tenant, other] = [newId('ten'), newId('ten')];
  const streams = [newStream(tenant), newStream(tenant), newStream(tenant)];
  for (const { put } of streams.slice(0, 2)) for (const id of ['a', 'b', 'c']) expect(await put(id)).toBe('written');
  expect(await streams[2]!.put('a')).toBe('tenant_rate');
  expect(await newStream(other).put('a')).toBe('written');
  pass(1_000);
  expect(await streams[2]!.put('a')).toBe('written');
});

it('remembers the newest, however many there are, and takes nothing more of a publisher that has ended', async () => {
  const { newStream, pass } = setUp();
  const { put, publisher } = newStream(newId('ten'));
  for (let i = 0; i < 300; i++) {
    expect(await put(`id-${i}`)).toBe('written');
    pass(1_000);
  }
  expect(await put('id-299')).toBe('written');
  expect(publisher.counts.dataMessages).toBe(300);
  await publisher.finish(true, 1_000);
  expect(await put('late')).toBe('starting');
});
