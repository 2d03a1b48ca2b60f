// What a script of presence answers, in the words of the port.
import { LEAVE_REASONS } from '@millrace/domain';
import type { LeaveReason, ParticipantState, RoomParticipant } from '@millrace/domain';
import { textReply } from '../../redis/redis-scripts.ts';
import type { Delivery, Departure, RoomRef } from '../presence-store.ts';
import { decodeProfile } from '../room-news.ts';

export interface PresenceReply {
  readonly said: readonly (string | undefined)[];
  readonly departures: readonly Departure[];
  readonly deliveries: readonly Delivery[];
  readonly read: readonly string[];
}

export const asReason = (text: string): LeaveReason => {
  const reason = LEAVE_REASONS.find((known) => known === text);
  if (reason === undefined) throw new TypeError('presence: no such reason to leave');
  return reason;
};

export function presenceReply(reply: unknown): PresenceReply {
  if (!Array.isArray(reply) || reply.length !== 5) throw new TypeError('presence: a script did not answer five lists');
  const [said, gone, news, refs, read] = reply.map((list) => textReply(list));
  const texts = news as string[];
  return {
    said: said!,
    departures: inGroups(gone as string[], 3).map(([profile = '', podId, reason = '']) => ({
      profile: decodeProfile(profile),
      podId: podId === '' ? undefined : podId,
      reason: asReason(reason),
    })),
    deliveries: inGroups(refs as string[], 4).map(([participantId = '', podId = '', sequence, index]) => ({
      participantId,
      podId,
      sequence: Number(sequence),
      news: texts[Number(index) - 1] ?? '',
    })),
    read: read as string[],
  };
}

/** State and profile, one after the other, in the order of joining. */
export function participantsFrom(texts: readonly string[]): RoomParticipant[] {
  return inGroups(texts, 2)
    .map(([state, profile = '']) => ({ ...decodeProfile(profile), state: state as ParticipantState }))
    .sort((a, b) => (a.participantId < b.participantId ? -1 : 1));
}

export function roomsFrom(texts: readonly string[]): RoomRef[] {
  return inGroups(texts, 2).map(([tenantId = '', roomId = '']) => ({ tenantId, roomId }));
}

export function inGroups<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: list.length / size }, (_, i) => list.slice(i * size, (i + 1) * size));
}
