// Names on the server: which stream captures what, and on which subject a live stream's frames travel.
import { crc32 } from 'node:zlib';
import { assertStreamId } from '../frame-bus.errors.ts';

/** The JetStream stream that keeps the newest commit mark of every live stream. */
export const MARKS_STREAM = 'MARKS';
export const ALL_MARKS_SUBJECT = 'millrace.marks.*';

/** Where marks go while the disk of the server takes none: in its memory. */
export const SPARE_MARKS_STREAM = 'MARKS_SPARE';
export const ALL_SPARE_MARKS_SUBJECT = 'millrace.marks.spare.*';

/** A message that only shows that the stream of marks takes messages; no live stream has such an id. */
export const MARKS_PROBE_SUBJECT = 'millrace.marks.probe';

/** Made to see whether the disk has room, and to keep others from repairing the stream of marks at the same time. */
export const REPAIR_STREAM = 'MARKS_REPAIR';
export const REPAIR_SUBJECT = 'millrace.marks.repair.room';

const MARKS_PREFIX = 'millrace.marks.';
const SPARE_MARKS_PREFIX = 'millrace.marks.spare.';

/** Which shard carries a live stream: the same for everyone who knows the number of shards. */
export const shardOf = (streamId: string, shards: number): number => crc32(streamId) % shards;

/** The JetStream stream of a shard. */
export const shardStream = (shard: number): string => `FRAMES_${shard}`;

/** What the stream of a shard captures. */
export const shardSubjects = (shard: number): string => `millrace.frames.${shard}.*`;

/** @throws FrameBusError for anything but an id that this system made: nothing that a peer chose becomes a subject */
export function frameSubject(streamId: string, shard: number): string {
  assertStreamId(streamId);
  return `millrace.frames.${shard}.${streamId}`;
}

/** What the stream of a shard captures too, and no live stream travels on. */
export const probeSubject = (shard: number): string => `millrace.frames.${shard}.probe`;

/** @throws FrameBusError as `frameSubject` */
export function marksSubject(streamId: string): string {
  assertStreamId(streamId);
  return MARKS_PREFIX + streamId;
}

/** @throws FrameBusError as `frameSubject` */
export function spareMarksSubject(streamId: string): string {
  assertStreamId(streamId);
  return SPARE_MARKS_PREFIX + streamId;
}
