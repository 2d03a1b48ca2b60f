// A message of several tracks becomes several frames, which do not leave the edge together: none of them is written over by what comes
// while it waits.
import { setImmediate as aMoment } from 'node:timers/promises';
import {
  DEFAULT_STREAM_SETTINGS,
  FrameKind,
  isConfiguration,
  isKeyframe,
  newId,
  PACKAGER_FEATURES,
} from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameSubscription } from '@millrace/frame-bus';
import { sampleMark } from '@millrace/frame-bus/testing';
import { FrameSequencer, IngestCounts, MediaTimeline } from '@millrace/ingest';
import { encodeVideoTracks, fourCcOf, MultitrackType } from '@millrace/protocol/flv';
import { MediaMemory } from '@millrace/protocol/rtmp';
import { expect, it } from 'vitest';
import { H264_CONFIG, nal } from '../testing/sample-media.ts';
import { FurtherTracks } from './carried-tracks.ts';
import { PublishedCodecs } from './flv-codecs.ts';
import { MessageTimeline } from './message-timeline.ts';
import { VideoIntake } from './video-intake.ts';

const STEP_MS = 20;
const MESSAGES = 100;
/** The further track runs ahead by this much, which is no jump of its clock: its pictures wait for the first track. */
const LEAD_MS = 480;
const PICTURE_BYTES = 40_000;
const NO_OFFSET = Buffer.alloc(3);
const avc1 = fourCcOf('avc1');

/** A picture full of its number. */
const picture = (number: number, header: number): Buffer =>
  nal(header, 0x88, ...Buffer.alloc(PICTURE_BYTES, number % 250));

type Track = readonly [trackId: number, body: Buffer];
const message = (packetType: number, ...tracks: readonly Track[]): Buffer =>
  encodeVideoTracks(
    {
      type: tracks.length > 1 ? MultitrackType.manyTracks : MultitrackType.oneTrack,
      frameType: 1,
      packetType,
      nanoOffset: 0,
    },
    tracks.map(([trackId, body]) => ({ trackId, fourCc: avc1, body })),
  );

it.each([
  ['behind', false],
  ['before', true],
])('a picture that waits stays as it came while one %s it in its message is committed', async (_, isLast) => {
  const bus = createMemoryFrameBus();
  const streamId = newId('str');
  const memory = new MediaMemory(8 * 1024 * 1024);
  const publisher = bus.openPublisher(streamId, 1);
  publisher.memory = memory;
  const seen = [0, 0];
  const wrong: string[] = [];
  let marks = 0;
  const onFrame = (frame: Frame): void => {
    const { epoch, sequence, payload, track = 0 } = frame;
    if (frame.kind !== FrameKind.video || isConfiguration(frame)) return;
    seen[track]!++;
    const expected = Buffer.alloc(PICTURE_BYTES, seen[track]! % 250);
    if (!expected.equals(payload.subarray(6))) wrong.push(`picture ${seen[track]} of track ${track} has changed`);
    if (!isKeyframe(frame)) return;
    subscription.release({ epoch, sequence });
    void bus.recordCommit(sampleMark(streamId, ++marks, { epoch, sequence }));
  };
  const subscription: FrameSubscription = await bus.subscribe(
    streamId,
    { from: 'live' },
    { onFrame, onGap: () => wrong.push('gap') },
  );
  const nothing = (): void => undefined;
  const intake = new VideoIntake(
    new MessageTimeline(new MediaTimeline(() => 0)),
    new FrameSequencer(1, publisher),
    new IngestCounts(),
    { dropped: nothing, leftOut: nothing, unsupported: nothing, warn: nothing },
    new PublishedCodecs(new Set(PACKAGER_FEATURES), DEFAULT_STREAM_SETTINGS),
    new FurtherTracks(3),
    DEFAULT_STREAM_SETTINGS.segmentTargetMs,
  );
  /** As the chunk decoder does. */
  const send = (ms: number, bytes: Buffer): void => {
    memory.reserve(bytes.length);
    const place = memory.memory.subarray(memory.offset, memory.offset + bytes.length);
    bytes.copy(place);
    intake.message(ms, place);
  };
  const timed = (number: number, header: number): Buffer => Buffer.concat([NO_OFFSET, picture(number, header)]);
  const both = (first: Buffer, further: Buffer): Track[] =>
    isLast
      ? [
          [1, further],
          [0, first],
        ]
      : [
          [0, first],
          [1, further],
        ];
  await aMoment();
  send(0, message(0, [0, H264_CONFIG], [1, H264_CONFIG]));
  send(0, message(1, [0, timed(1, 0x65)]));
  send(0, message(1, [1, timed(1, 0x65)]));
  send(LEAD_MS, message(1, [1, timed(2, 0x41)]));
  for (let number = 2; number < MESSAGES; number++) {
    // The bus hears of a commit a moment later.
    await aMoment();
    send(number * STEP_MS, message(1, ...both(timed(number, 0x65), timed(number + 1, 0x41))));
  }
  intake.flush();
  expect(wrong).toEqual([]);
  expect(Math.min(...seen)).toBeGreaterThan(MESSAGES / 2);
  subscription.close();
  await bus.close();
});
