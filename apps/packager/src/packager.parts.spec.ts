// A stream with low latency, packaged by one packager after another: what they commit is what one that nothing ever happened to
// would have committed, part by part.
import { execFileSync } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FrameFlag, FrameKind, IdPrefix, newId } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore, renditionValues, renditionNames } from '@millrace/live-store';
import type {
  CommittedFile,
  LiveStore,
  LiveStoreOperation,
  LiveStream,
  PartCommit,
  RenditionName,
  SegmentCommit,
} from '@millrace/live-store';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import {
  checkLowLatency,
  checkMediaPlaylist,
  checkRenditionReports,
  parseMediaPlaylist,
} from '@millrace/protocol/hls/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Containers, CONTAINERS } from './containers/containers.ts';
import { mpegts } from './containers/mpegts.ts';
import { cutLog, firstPoint } from './testing/cut-log.ts';
import { faultyStore } from './testing/faulty-store.ts';
import { BBB_FLV, flvLog } from './testing/flv-log.ts';
import { multitrackLog } from './testing/multitrack-log.ts';
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
/** The parts of each whole segment, as long as they are listed: by its rendition and its number. */
let wholeParts: Map<string, readonly string[]>;

beforeEach(() => {
  real = createMemoryLiveStore();
  frameBus = createMemoryFrameBus();
  streamId = newId(IdPrefix.liveStream);
  files = new Map();
  faults = [];
  last = new Map();
  wholeParts = new Map();
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
  for (const name of renditionNames(renditions)) {
    const text = renditions[name]?.text;
    if (text === undefined) continue;
    const next = parseMediaPlaylist(text);
    const before = last.get(name);
    for (const { rule, detail } of [...checkLowLatency(before, next), ...checkMediaPlaylist(before, next)])
      faults.push(`${name}: ${rule}: ${detail}`);
    last.set(name, next);
    for (const [index, { parts }] of next.segments.entries())
      if (parts !== undefined)
        wholeParts.set(
          `${name} ${next.mediaSequence + index}`,
          parts.map(({ uri }) => uri),
        );
  }
  const now = new Map([...last].map(([name, playlist]) => [`${name}.m3u8`, playlist]));
  for (const { rule, detail } of checkRenditionReports(now)) faults.push(`${rule}: ${detail}`);
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

async function startPackager(
  liveStore: LiveStore,
  name: string,
  bus = frameBus,
  containers = CONTAINERS,
): Promise<TestPackager> {
  const settings = { leaseTtlMs: 500, leaseRenewMs: 100 };
  const packager = await TestPackager.start({ liveStore, frameBus: bus, name, settings, containers });
  onTestFinished(() => packager.stop());
  return packager;
}

const connect = (bus = frameBus, reconnectWindowMs = 300): Promise<TestPublisher> =>
  TestPublisher.connect({
    liveStore: real,
    frameBus: bus,
    streamId,
    settings: { windowMs: 120_000, partDurationMs: PART_DURATION_MS, reconnectWindowMs },
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
    for (const { name, bytes, map } of renditionValues(renditions)) {
      made.set(name, digestOf(bytes));
      made.set(map.name, digestOf(map.bytes));
    }
  return made;
}

const partsListed = async (): Promise<number> =>
  renditionValues((await real.readPlaylistText(streamId))?.renditions ?? {}).reduce((sum, { parts }) => sum + parts, 0);

/** Another store for the same publishers: leases and what is committed are its own. */
function beside(claims: LiveStore, store: LiveStore): LiveStore {
  const free = (live: LiveStream): LiveStream => ({ ...live, leaseOwner: undefined });
  const shared: Partial<LiveStore> = {
    listLiveStreams: async () => (await claims.listLiveStreams()).map(free),
    readLiveStream: async (id) => {
      const live = await claims.readLiveStream(id);
      return live && free(live);
    },
    endSession: (id, sessionId) => claims.endSession(id, sessionId),
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(name in shared ? shared : target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Notes each state of the playlists that is committed, by how far its renditions are, and every file. */
function notingStates(store: LiveStore, states: Map<string, string>, bytes: Map<string, string>): LiveStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]) => {
        if (name === 'commit' || name === 'commitParts') {
          const commit = parameters[0] as Partial<PartCommit & SegmentCommit>;
          const { playlists = {} } = commit.lowLatency ?? commit.playlist?.lowLatency ?? {};
          const named = renditionNames(playlists).map((rendition) => [
            rendition,
            playlists[rendition]!.nextMediaSequence,
            playlists[rendition]!.parts,
          ]);
          states.set(
            JSON.stringify([named, commit.playlist?.ended]),
            JSON.stringify([playlists, commit.playlist?.text]),
          );
          for (const { name: file, bytes: content } of commit.files ?? []) bytes.set(file, digestOf(content));
        }
        return Reflect.apply(value, target, parameters) as unknown;
      };
    },
  });
}

/** More than a segment has. */
const BEGUN_FRAMES = 400;

/** A ladder of three sizes of pictures, with two tracks of sound. */
const LADDER = multitrackLog(1_000, { loops: 3 });
const LOGS = [
  ['pictures and sound', LOG, 15],
  ['a ladder', LADDER, 9],
] as const;

describe.each(LOGS)('a stream with low latency: %s', (_, log, segments) => {
  it('is the same from another packager that reads the same log: every part, every playlist', async () => {
    const other = createMemoryLiveStore();
    const otherBus = createMemoryFrameBus();
    onTestFinished(async () => {
      await otherBus.close();
      await other.close();
    });
    const [states, otherStates] = [new Map<string, string>(), new Map<string, string>()];
    const otherFiles = new Map<string, string>();
    await startPackager(notingStates(real, states, files), 'packager-1');
    await startPackager(notingStates(beside(real, other), otherStates, otherFiles), 'packager-2', otherBus);
    const publisher = (await connect()).keepClaim();
    onTestFinished(() => publisher.vanish());
    const copy = otherBus.openPublisher(streamId, publisher.claim.epoch);
    onTestFinished(() => copy.close(0));
    const wholeIn = (store: LiveStore) => async (): Promise<number> =>
      (await store.readPlaylistText(streamId))?.headMediaSequence ?? 0;
    for (let from = 0; from < log.length; from += 10) {
      for (const frame of publisher.send(log.slice(from, from + 10))) copy.publish(frame);
      copy.flush();
      // Once both have begun. Commits of memory stores take a turn: parts come one after another, as live.
      if (from === BEGUN_FRAMES)
        for (const store of [real, other]) await expect.poll(wholeIn(store), { timeout: 10_000 }).toBeGreaterThan(0);
      await nextTurn();
    }
    for (const frame of publisher.send([end])) copy.publish(frame);
    copy.flush();
    await expect.poll(wholeIn(real), { timeout: 10_000 }).toBe(segments);
    await expect.poll(wholeIn(other), { timeout: 10_000 }).toBe(segments);
    expect(files).toEqual(otherFiles);
    expect(files.size).toBeGreaterThan(100);
    // How many parts go in one commit depends on when the store answers: where both were in the same state, they said the same.
    const common = [...states.keys()].filter((state) => otherStates.has(state));
    expect(common.length).toBeGreaterThan(15);
    for (const state of common) expect(otherStates.get(state)).toBe(states.get(state));
  });

  it('has every part once, in playlists that break no rule, and ends with its publisher', async () => {
    const packager = await startPackager(watched(real), 'packager-1');
    const publisher = await connect();
    const sent = publisher.send([...log, end]);
    await expect.poll(() => last.get('video')?.segments.length, { timeout: 10_000 }).toBe(segments);
    await publisher.leave();
    await expect.poll(() => last.get('audio')?.endList, { timeout: 10_000 }).toBe(true);
    expect(files).toEqual(reference(sent, publisher.claim.sessionId));
    expect(faults).toEqual([]);
    expect(packager.lines.join('')).not.toContain('could not build');
  });

  it('goes on with the same parts when its packager is gone in the middle of a segment', async () => {
    const cut = Math.floor(log.length / 3);
    const dying = faultyStore(watched(real));
    await startPackager(dying.store, 'packager-1');
    const publisher = (await connect()).keepClaim();
    onTestFinished(() => publisher.vanish());
    const sent = publisher.send(log.slice(0, cut));
    await expect.poll(partsListed, { timeout: 10_000 }).toBeGreaterThan(2);
    for (const operation of ALL) dying.failing.add(operation);
    const before = new Map(files);
    await startPackager(watched(real), 'packager-2');
    sent.push(...publisher.send([...log.slice(cut), end]));
    await expect.poll(() => last.get('video')?.segments.length, { timeout: 15_000 }).toBe(segments);
    const expected = reference(sent, publisher.claim.sessionId);
    expect([...before].filter(([name, digest]) => expected.get(name) !== digest)).toEqual([]);
    expect(files).toEqual(expected);
    expect(faults).toEqual([]);
    expect(last.get('video')?.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
  });
});

describe('what is listed of a segment that the log has lost', () => {
  let empty: FrameBus;
  /** What was listed when the packager was gone: a few parts of each rendition, behind a few segments. */
  let before: Map<RenditionName, MediaPlaylist>;
  let number: number;

  beforeEach(() => {
    empty = createMemoryFrameBus();
  });
  afterEach(() => empty.close());

  /** Packages the first part of a log until parts of its open segment are listed, and is gone. */
  async function begin(
    log: readonly Frame[],
    frames: number,
    { reconnectWindowMs, containers }: { readonly reconnectWindowMs?: number; readonly containers?: Containers } = {},
  ) {
    const dying = faultyStore(watched(real));
    const packager = await startPackager(dying.store, 'packager-1', frameBus, containers);
    const publisher = (await connect(frameBus, reconnectWindowMs)).keepClaim();
    onTestFinished(() => publisher.vanish());
    const sent: Frame[] = [];
    const isOpen = (): boolean => [...last.values()].every(({ open }) => open !== undefined);
    for (let from = 0; from < frames || !isOpen(); from += 10) {
      sent.push(...publisher.send(log.slice(from, from + 10)));
      // Once the first segment is listed, parts are; commits of memory stores take a turn.
      if (from === BEGUN_FRAMES)
        await expect.poll(() => last.get('video')?.segments.length, { timeout: 10_000 }).toBeGreaterThan(0);
      await nextTurn();
    }
    if (containers === undefined) for (const operation of ALL) dying.failing.add(operation);
    before = new Map(last);
    const { mediaSequence, segments } = last.get('video')!;
    number = mediaSequence + segments.length;
    return { packager, publisher, sent };
  }

  /** The names of its parts in each rendition. */
  const openParts = (): string[][] => [...before.values()].map(({ open }) => open!.parts.map(({ uri }) => uri));
  const partsOf = (sequence: number): (readonly string[])[] =>
    [...before.keys()].map((name) => wholeParts.get(`${name} ${sequence}`) ?? []);

  /** Its parts are the segment, in every rendition; in MPEG-TS it is a gap. */
  async function expectClosed(listed: readonly (readonly string[])[] = openParts()): Promise<void> {
    expect(partsOf(number)).toEqual(listed);
    for (const [index, { mediaSequence, segments }] of [...last.values()].entries()) {
      const { uri, gap } = segments[number - mediaSequence]!;
      expect(gap).toBeUndefined();
      const names = [uri, ...listed[index]!];
      const [whole, ...parts] = await Promise.all(names.map((name) => real.readSegment(streamId, name)));
      expect(Buffer.concat(parts.map((part) => part!.bytes)).equals(whole!.bytes)).toBe(true);
    }
    const { text } = (await real.readPlaylistText(streamId))!;
    const { mediaSequence, segments } = parseMediaPlaylist(text);
    const marked = segments.flatMap(({ gap }, index) => (gap === true ? [mediaSequence + index] : []));
    expect(marked).toEqual([number]);
    // The part that was announced is lost.
    expect(faults.filter((fault) => !fault.includes('hint-not-kept'))).toEqual([]);
  }

  const discontinuities = (): number[][] =>
    [...last.values()].map(({ mediaSequence, segments }) =>
      segments.flatMap(({ discontinuity }, index) => (discontinuity ? [mediaSequence + index] : [])),
    );

  it.each([
    ['pictures and sound', LOG, CUT, ['video', 'audio']],
    ['a ladder', LADDER, 1_000, ['video', 'video1', 'video2', 'audio', 'audio1']],
  ] as const)('is closed as it is, and numbers go on behind it: %s', async (_, log, least, names) => {
    const { publisher, sent } = await begin(log, least);
    const frames = sent.length;
    expect([...before.keys()].sort()).toEqual([...names].sort());
    expect(openParts().every((parts) => parts.length > 0)).toBe(true);
    // All that the log holds begins well behind it.
    sent.push(...publisher.send([...log.slice(frames), end]));
    const late = empty.openPublisher(streamId, publisher.claim.epoch);
    onTestFinished(() => late.close(0));
    for (const frame of sent.slice(frames + BEGUN_FRAMES)) late.publish(frame);
    late.flush();
    await startPackager(watched(real), 'packager-2', empty);
    const reached = (): number => last.get('video')!.mediaSequence + last.get('video')!.segments.length;
    await expect.poll(reached, { timeout: 10_000 }).toBeGreaterThan(number + 2);
    await expectClosed();
    expect(discontinuities()).toEqual(names.map(() => [number + 1]));
    expect((await frameBus.lastCommit(streamId))?.head.mediaSequence).toBeGreaterThan(0);
  });

  it('is closed where the connection of another encoder follows', async () => {
    const { publisher } = await begin(LOG, CUT, { reconnectWindowMs: 60_000 });
    publisher.vanish();
    const next = (await connect(empty, 60_000)).keepClaim();
    onTestFinished(() => next.vanish());
    expect(next.resumed).toBe(true);
    next.send(LOG);
    await startPackager(watched(real), 'packager-2', empty);
    await expect.poll(() => discontinuities()[0], { timeout: 10_000 }).toEqual([number + 1]);
    await expectClosed();
  });

  it('is closed where the session ends', async () => {
    const { publisher } = await begin(LOG, CUT);
    await publisher.leave();
    await startPackager(watched(real), 'packager-2', empty);
    await expect.poll(() => last.get('audio')?.endList, { timeout: 10_000 }).toBe(true);
    await expectClosed();
    expect(last.get('video')?.segments).toHaveLength(number + 1);
  });

  it('is closed where what was gathered of it cannot be packaged', async () => {
    let failures = 0;
    const containers = new Containers({
      ...mpegts,
      mux(...parameters) {
        if (failures-- > 0) throw new Error('cannot be packaged');
        return mpegts.mux(...parameters);
      },
    });
    const { packager, publisher, sent } = await begin(LOG, CUT, { containers });
    failures = 1;
    for (let from = sent.length; from < LOG.length; from += 10) {
      publisher.send(LOG.slice(from, from + 10));
      await nextTurn();
    }
    await expect.poll(() => discontinuities()[0], { timeout: 10_000 }).toEqual([number + 1]);
    expect(packager.lines.join('')).toContain('could not build');
    // With the parts that came meanwhile.
    const listed = partsOf(number);
    openParts().forEach((parts, index) => expect(listed[index]).toEqual(expect.arrayContaining(parts)));
    await expectClosed(listed);
  });

  it('keeps its number where another session follows', async () => {
    const { publisher } = await begin(LOG, CUT);
    await publisher.leave();
    expect(await real.endSession(streamId, publisher.claim.sessionId)).toBe(true);
    const next = (await connect(empty)).keepClaim();
    onTestFinished(() => next.vanish());
    expect(next.resumed).toBe(false);
    next.send(LOG);
    await startPackager(watched(real), 'packager-2', empty);
    await expect.poll(() => last.get('video')?.mediaSequence, { timeout: 10_000 }).toBe(number + 1);
    expect(faults.filter((fault) => fault.includes('other bytes'))).toEqual([]);
  });
});

it('the tracks of sound of a stream have the names and languages that its publisher was allowed with', async () => {
  const audioTracks = [
    { track: 0, name: 'Deutsch', language: 'de' },
    { track: 1, language: 'fr' },
  ];
  await startPackager(real, 'packager-1');
  const settings = { windowMs: 120_000, partDurationMs: PART_DURATION_MS, audioTracks };
  const publisher = await TestPublisher.connect({ liveStore: real, frameBus, streamId, settings });
  onTestFinished(() => publisher.vanish());
  publisher.send([...LADDER, end]);
  const described = async () => (await real.readPlaylist(streamId))?.description.renditions ?? [];
  await expect.poll(async () => (await described()).length, { timeout: 10_000 }).toBe(5);
  const sounds = (await described()).filter(({ kind }) => kind === 'audio');
  expect(sounds.map(({ label, language }) => [label, language])).toEqual([
    ['Deutsch', 'de'],
    [undefined, 'fr'],
  ]);
  // In the initialisation maps too, as an outside judge reads them.
  const playlists = (await real.readPlaylistText(streamId))!.renditions!;
  for (const [name, language] of [
    ['audio', 'deu'],
    ['audio1', 'fra'],
    ['video', 'und'],
  ] as const) {
    const [first] = parseMediaPlaylist(playlists[name]!.text).segments;
    const files = await Promise.all([first!.map!.uri, first!.uri].map((uri) => real.readSegment(streamId, uri)));
    expect(languageOf(Buffer.concat(files.map((file) => file!.bytes))), name).toBe(language);
  }
});

/** `und` where ffprobe shows none. */
function languageOf(file: Buffer): string {
  const options = ['-v', 'error', '-show_entries', 'stream_tags=language', '-of', 'csv=p=0', 'pipe:0'];
  return execFileSync('ffprobe', options, { input: file, encoding: 'utf8' }).trim() || 'und';
}
