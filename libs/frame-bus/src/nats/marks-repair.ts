// Makes the stream of marks anew, when its disk has room and it takes no messages all the same.
import { JetStreamApiCodes, JetStreamApiError, StorageType } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { nuid } from '@nats-io/transport-node';
import { MARKS_STREAM, REPAIR_STREAM, REPAIR_SUBJECT } from './frame-subject.ts';
import { marksConfig } from './jetstream-streams.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

/** So much must fit before the stream is deleted: more than it takes to make it. */
const ROOM_BYTES = 256 * 1024;
/** A repair that was begun so long ago was not ended. */
const ABANDONED_AFTER_MS = 60_000;

export interface MarksRepair {
  readonly limits: NatsFrameBusLimits;
  /** Puts all marks where they are kept while the stream is deleted. */
  readonly keep: () => Promise<void>;
  /** Whether the stream takes messages. */
  readonly isWell: () => Promise<boolean>;
}

/** @returns whether the stream takes messages now */
export async function repairMarksStream(
  manager: JetStreamManager,
  jetstream: JetStreamClient,
  { limits, keep, isWell }: MarksRepair,
): Promise<boolean> {
  const room = { name: REPAIR_STREAM, subjects: [REPAIR_SUBJECT], storage: StorageType.File, description: nuid.next() };
  try {
    // Another description is another configuration: of several, one succeeds.
    await manager.streams.add({ ...room, num_replicas: limits.replicas });
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    await deleteAbandoned(manager);
    return false;
  }
  try {
    const timeout = limits.markTimeoutMs;
    const payload = new Uint8Array(ROOM_BYTES);
    const hasRoom = await jetstream.publish(REPAIR_SUBJECT, payload, { timeout }).then(
      () => true,
      () => false,
    );
    if (!hasRoom) return false;
    if (await isWell()) return true;
    await keep();
    await manager.streams.delete(MARKS_STREAM);
    await manager.streams.add(marksConfig(limits));
    return await isWell();
  } finally {
    await manager.streams.delete(REPAIR_STREAM);
  }
}

async function deleteAbandoned(manager: JetStreamManager): Promise<void> {
  try {
    const { created } = await manager.streams.info(REPAIR_STREAM);
    if (Date.now() - Date.parse(String(created)) > ABANDONED_AFTER_MS) await manager.streams.delete(REPAIR_STREAM);
  } catch (error) {
    // There is none: the disk was full.
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
  }
}
