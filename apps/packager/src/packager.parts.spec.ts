// A stream with low latency, packaged by one packager after another: what they commit is what one that nothing ever happened to
// would have committed, part by part.
import { FrameFlag, FrameKind, IdPrefix, newId } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore, RENDITIONS } from '@millrace/live-store';
import type { CommittedFile, LiveStore, LiveStoreOperation, RenditionName } from '@millrace/live-store';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import { checkLowLatency, checkMediaPlaylist, parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cutLog, firstPoint } from './testing/cut-log.ts';
import { faultyStore } from './testing/faulty-store.ts';
import { BBB_FLV, flvLog } from './testing/flv-log.ts';
import { TestPackager } from './testing/test-packager.ts';
import { TestPublisher } from './testing/test-publisher.ts';
import { digestOf } from './testing/viewer.ts';

const PART_DURATION_MS = 500;
const LOG = flvLog(BBB_FLV, 1);
/** In the middle of a segment, and of a part. */
const CUT = Math.floor(LOG.length / 3);
const ALL: readonly LiveStoreOperation[] = [
  'commit',
  'commitParts',
  'renewLeases',
  'readPlaylist',
  'listLiveStreams',
  'releaseLease',
];

let real: LiveStore;
let frameBus: FrameBus;
let streamId: string;
/** What was committed under each name. */
let files: Map<string, string>;
let faults: string[];
let last: Map<RenditionName, MediaPlaylist>;

beforeEach(() => {
  real = createMemoryLiveStore();
  frameBus = createMemoryFrameBus();
  streamId = newId(IdPrefix.liveStream);
  files = new Map();
  faults = [];
  last = new Map();
});
afterEach(async () => {
  await frameBus.close();
  await real.close();
});

function note(committed: readonly CommittedFile[]): void {
  for (const { name, bytes } of committed) {
    const digest = digestOf(bytes);
    if ((files.get(name) ?? digest) !== digest) faults.push(`${name} has other bytes now`);
    files.set(name, digest);
  }
}

/** Checks the playlists as they are after each commit. */
async function look(): Promise<void> {
  const { renditions = {} } = (await real.readPlaylistText(streamId)) ?? {};
  for (const name of RENDITIONS) {
    const text = renditions[name]?.text;
    if (text === undefined) continue;
    const next = parseMediaPlaylist(text);
    const before = last.get(name);
    for (const { rule, detail } of [...checkLowLatency(before, next), ...checkMediaPlaylist(before, next)])
      faults.push(`${name}: ${rule}: ${detail}`);
    last.set(name, next);
  }
}

/** The store, with a note of everything that is committed. */
const watched = (store: LiveStore): LiveStore =>
  new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...parameters: unknown[]) => {
        const answer: unknown = await Reflect.apply(value, target, parameters);
        if (name === 'commit' || name === 'commitParts') {
          note((parameters[0] as { files?: readonly CommittedFile[] }).files ?? []);
          await look();
        }
        return answer;
      };
    },
  });

async function startPackager(liveStore: LiveStore, name: string): Promise<TestPackager> {
  const packager = await TestPackager.start({ liveStore, frameBus, name });
  onTestFinished(() => packager.stop());
  return packager;
}

const connect = (): Promise<TestPublisher> =>
  TestPublisher.connect({
    liveStore: real,
    frameBus,
    streamId,
    settings: { windowMs: 120_000, partDurationMs: PART_DURATION_MS, reconnectWindowMs: 300 },
  });

const end: Frame = {
  kind: FrameKind.end,
  codec: 0,
  flags: FrameFlag.unpublished,
  epoch: 0,
  sequence: 0,
  dts90k: 0,
  compositionOffset90k: 0,
  payload: new Uint8Array(0),
};

/** What an uninterrupted packager would have made of these frames: parts and whole renditions by their names. */
function reference(frames: readonly Frame[], sessionId: string): Map<string, string> {
  const point = { ...firstPoint(frames[0]!.epoch, sessionId), partDurationMs: PART_DURATION_MS };
  const { segments, parts } = cutLog(frames, { point, finish: false });
  const made = new Map(parts.map(({ name, bytes }) => [name, digestOf(bytes)]));
  for (const { renditions = {} } of segments)
    for (const { name, bytes, map } of Object.values(renditions)) {
      made.set(name, digestOf(bytes));
      made.set(map.name, digestOf(map.bytes));
    }
  return made;
}

const partsListed = async (): Promise<number> =>
  Object.values((await real.readPlaylistText(streamId))?.renditions ?? {}).reduce((sum, { parts }) => sum + parts, 0);

describe('a stream with low latency', () => {
  it('has every part once, in playlists that break no rule, and ends with its publisher', async () => {
    const packager = await startPackager(watched(real), 'packager-1');
    const publisher = await connect();
    const sent = publisher.send([...LOG, end]);
    await expect.poll(() => last.get('video')?.segments.length, { timeout: 10_000 }).toBe(15);
    await publisher.leave();
    await expect.poll(() => last.get('audio')?.endList, { timeout: 10_000 }).toBe(true);
    expect(files).toEqual(reference(sent, publisher.claim.sessionId));
    expect(faults).toEqual([]);
    expect(packager.lines.join('')).not.toContain('could not build');
  });

  it('goes on with the same parts when its packager is gone in the middle of a segment', async () => {
    const dying = faultyStore(watched(real));
    await startPackager(dying.store, 'packager-1');
    const publisher = (await connect()).keepClaim();
    onTestFinished(() => publisher.vanish());
    const sent = publisher.send(LOG.slice(0, CUT));
    await expect.poll(partsListed, { timeout: 10_000 }).toBeGreaterThan(2);
    for (const operation of ALL) dying.failing.add(operation);
    const before = new Map(files);
    await startPackager(watched(real), 'packager-2');
    sent.push(...publisher.send([...LOG.slice(CUT), end]));
    await expect.poll(() => last.get('video')?.segments.length, { timeout: 15_000 }).toBe(15);
    const expected = reference(sent, publisher.claim.sessionId);
    expect([...before].filter(([name, digest]) => expected.get(name) !== digest)).toEqual([]);
    expect(files).toEqual(expected);
    expect(faults).toEqual([]);
    expect(last.get('video')?.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
  });
});
