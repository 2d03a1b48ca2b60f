import { ALL_PERMISSIONS, newId } from '@millrace/domain';
import { createMemoryPresence, LiveStoreError } from '@millrace/live-store';
import type { PresenceStore, RoomChange } from '@millrace/live-store';
import { expect, it } from 'vitest';
import { sampleRoom } from '../testing/test-gateway.ts';
import { StraySeats } from './stray-seats.ts';

it('releases a place that no participant knows to have, once the store can be reached', async () => {
  const presence = createMemoryPresence();
  const room = sampleRoom({ type: 'one_to_one', maxParticipants: 1 });
  const profile = {
    participantId: newId('par'),
    tenantId: room.tenantId,
    roomId: room.roomId,
    identity: undefined,
    name: 'Ada',
    metadata: {},
    muted: { audio: false, video: false, screen: true },
    joinedAtMs: 1,
    permissions: ALL_PERMISSIONS,
  };
  const limits = { maxRooms: 1, maxParticipants: 1 };
  await presence.join({ profile, room, ...limits, podId: 'pod-1', resumeKeyHash: 'x' });
  const strays = new StraySeats();
  strays.add({ participantId: profile.participantId, term: 1 });
  strays.add({ participantId: newId('par'), term: 1 });

  const away = { leave: async () => Promise.reject(new LiveStoreError('disconnected', 'leave')) };
  const changes: RoomChange[] = [];
  await expect(strays.release(away as unknown as PresenceStore, () => undefined)).rejects.toThrow(LiveStoreError);
  expect(strays.size).toBe(2);
  await strays.release(presence, (change) => changes.push(change));
  expect(strays.size).toBe(0);
  expect(changes.flatMap(({ departures }) => departures)).toMatchObject([{ reason: 'left', profile }]);
  expect(await presence.participants(room.roomId)).toEqual([]);
});

it('keeps no more than a bounded number', () => {
  const strays = new StraySeats();
  for (let i = 0; i < 5_000; i++) strays.add({ participantId: newId('par'), term: 1 });
  expect(strays.size).toBe(1_000);
});
