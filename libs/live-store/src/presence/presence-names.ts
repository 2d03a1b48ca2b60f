// What may become part of a key or a subject: ids and names of pods, never what a peer wrote.
import { assertId } from '../store-names.ts';
import type { JoinRoom, RoomRef } from './presence-store.ts';

const POD_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** @throws TypeError when a text cannot be the name of a pod: `MILLRACE_INSTANCE_ID` */
export function assertPodId(text: string): void {
  if (!POD_ID.test(text)) throw new TypeError('presence: not the name of a pod');
}

/** @throws TypeError when one of its ids is none */
export function assertRoom({ tenantId, roomId }: RoomRef): void {
  assertId('ten', tenantId);
  assertId('room', roomId);
}

/** @throws TypeError when one of the ids is none, or when room and participant do not belong together */
export function assertJoin({ profile, room, podId }: JoinRoom): void {
  assertRoom(profile);
  assertId('par', profile.participantId);
  assertPodId(podId);
  if (room.roomId !== profile.roomId || room.tenantId !== profile.tenantId)
    throw new TypeError('presence: the participant is of another room');
}
