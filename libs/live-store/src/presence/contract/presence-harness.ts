// What the contract needs of an adapter: handles on one store, and time that passes; and people who come in.
import { ALL_PERMISSIONS, newId } from '@millrace/domain';
import type { ParticipantProfile, RoomFacts } from '@millrace/domain';
import type { PresenceLimits } from '../presence-limits.ts';
import type { JoinOutcome, JoinRoom, PresenceStore, Seat } from '../presence-store.ts';
import { decodeRoomNews } from '../room-news.ts';
import type { RoomNews } from '../room-news.ts';

export interface PresenceHarness {
  /** A handle on the store, as each pod has its own. */
  open(): Promise<PresenceStore>;
  /** Lets time pass until the condition holds. */
  until(condition: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** Makes an empty store with these limits. */
export type MakePresenceHarness = (limits?: Partial<PresenceLimits>) => Promise<PresenceHarness>;

export type Joined = Extract<JoinOutcome, { outcome: 'joined' }>;

export function sampleRoom(facts: Partial<RoomFacts> = {}): RoomFacts {
  const ids = { tenantId: newId('ten'), roomId: newId('room') };
  return { ...ids, name: 'Röom "1"', type: 'group', maxParticipants: 8, locked: false, version: 1, ...facts };
}

export function sampleProfile(room: RoomFacts, profile: Partial<ParticipantProfile> = {}): ParticipantProfile {
  return {
    participantId: newId('par'),
    tenantId: room.tenantId,
    roomId: room.roomId,
    identity: undefined,
    name: 'Ada \u2028 "quoted" \\ 🙂',
    metadata: { hue: '12' },
    muted: { audio: false, video: true, screen: true },
    permissions: ALL_PERMISSIONS,
    joinedAtMs: 1_790_000_000_000,
    ...profile,
  };
}

export function sampleJoin(room: RoomFacts, more: Partial<JoinRoom> = {}): JoinRoom {
  const profile = sampleProfile(room);
  return { profile, room, maxRooms: 10, maxParticipants: 100, podId: 'pod-a', resumeKeyHash: 'hash', ...more };
}

/** A participant joins. */
export async function enter(store: PresenceStore, room: RoomFacts, more: Partial<JoinRoom> = {}): Promise<Joined> {
  const outcome = await store.join(sampleJoin(room, more));
  if (outcome.outcome !== 'joined') throw new Error(`not joined: ${outcome.outcome}`);
  return outcome;
}

/** What waits for a participant, from the first that is kept on. */
export async function mailOf(store: PresenceStore, { participantId }: Seat, after = 0): Promise<RoomNews[]> {
  const entries = (await store.read(participantId, after)) ?? [];
  if (entries.some(({ sequence }, i) => sequence !== after + 1 + i)) throw new Error('the numbers have a gap');
  return entries.map(({ news }) => decodeRoomNews(news));
}

export const kindsOf = (news: readonly RoomNews[]): string[] =>
  news.map((one) =>
    one.kind === 'updated' ? `updated ${one.state}` : one.kind === 'left' ? `left ${one.reason}` : one.kind,
  );
