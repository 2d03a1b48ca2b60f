// Who comes in, who does not, and what the others are told.
import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PresenceStore } from '../presence-store.ts';
import { decodeRoomNews } from '../room-news.ts';
import { enter, kindsOf, mailOf, sampleJoin, sampleProfile, sampleRoom } from './presence-harness.ts';
import type { MakePresenceHarness, PresenceHarness } from './presence-harness.ts';

export function joiningContract(makeHarness: MakePresenceHarness): void {
  describe('joining', () => {
    let harness: PresenceHarness;
    let a: PresenceStore;
    let b: PresenceStore;
    beforeEach(async () => {
      harness = await makeHarness();
      [a, b] = [await harness.open(), await harness.open()];
    });
    afterEach(() => harness.close());

    it('opens a room, shows who is there, and tells them', async () => {
      const room = sampleRoom();
      const profile = sampleProfile(room, { identity: 'ada' });
      const ada = await enter(a, room, { profile });
      expect(ada).toMatchObject({ opened: true, room, others: [], replaced: undefined, deliveries: [] });
      expect(ada.seat).toEqual({ participantId: profile.participantId, term: 1 });
      const guest = sampleProfile(room);
      const bob = await enter(b, room, { profile: guest, podId: 'pod-b' });
      expect(bob).toMatchObject({ opened: false, others: [{ ...profile, state: 'connected' }] });
      expect(bob.deliveries).toMatchObject([{ participantId: profile.participantId, podId: 'pod-a', sequence: 1 }]);
      expect(decodeRoomNews(bob.deliveries[0]!.news)).toEqual({ kind: 'joined', state: 'connected', profile: guest });
      expect(await mailOf(b, ada.seat)).toEqual([{ kind: 'joined', state: 'connected', profile: guest }]);
      expect(await mailOf(b, bob.seat)).toEqual([]);
      expect(await b.participants(room.roomId)).toEqual([
        { ...profile, state: 'connected' },
        { ...guest, state: 'connected' },
      ]);
    });

    it('knows which rooms are open', async () => {
      const [room, other] = [sampleRoom(), sampleRoom()];
      await enter(a, room);
      await enter(b, room);
      const [open, closed] = await b.openRooms([room.roomId, other.roomId]);
      expect(open).toMatchObject({ tenantId: room.tenantId, roomId: room.roomId, participants: 2 });
      expect(open!.openedAtMs).toBeGreaterThan(1_700_000_000_000);
      expect(closed).toBeUndefined();
      expect(await a.openRooms([])).toEqual([]);
      expect(await a.participants(other.roomId)).toEqual([]);
    });

    it('takes no more than a room holds, however many ask at once', async () => {
      const room = sampleRoom({ type: 'one_to_one', maxParticipants: 2 });
      const asked = Array.from({ length: 10 }, (_, i) => (i % 2 ? a : b).join(sampleJoin(room)));
      const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'joined')).toHaveLength(2);
      expect(outcomes.filter((outcome) => outcome === 'room_full')).toHaveLength(8);
    });

    it('keeps tenants within their rooms and participants, and one tenant apart from another', async () => {
      const tenantId = newId('ten');
      const limits = { maxRooms: 2, maxParticipants: 3 };
      const rooms = [sampleRoom({ tenantId }), sampleRoom({ tenantId }), sampleRoom({ tenantId })];
      for (const room of rooms.slice(0, 2)) await enter(a, room, limits);
      expect(await b.join(sampleJoin(rooms[2]!, limits))).toEqual({ outcome: 'too_many_rooms' });
      const third = await enter(b, rooms[0]!, limits);
      expect(await a.join(sampleJoin(rooms[1]!, limits))).toEqual({ outcome: 'too_many_participants' });
      await enter(a, sampleRoom(), limits);
      await b.leave(third.seat);
      await enter(a, rooms[1]!, limits);
    });

    it('admits no participant of another tenant to a room', async () => {
      const room = sampleRoom();
      await enter(a, room);
      const stranger = sampleRoom({ roomId: room.roomId });
      expect(await a.join(sampleJoin(stranger))).toEqual({ outcome: 'room_not_found' });
      expect(await a.endRoom({ tenantId: stranger.tenantId, roomId: room.roomId })).toMatchObject({ closed: [] });
      expect(await a.participants(room.roomId)).toHaveLength(1);
    });

    it('replaces who has the same identity, also in a room that is full or locked', async () => {
      const room = sampleRoom({ maxParticipants: 2 });
      const profile = sampleProfile(room, { identity: 'ada' });
      const first = await enter(a, room, { profile });
      const bob = await enter(b, room, { podId: 'pod-b' });
      const again = sampleProfile(room, { identity: 'ada' });
      const second = await enter(b, { ...room, locked: true, version: 2 }, { profile: again, podId: 'pod-c' });
      expect(second.replaced).toEqual({ profile, podId: 'pod-a', reason: 'replaced' });
      expect(second.others.map(({ participantId }) => participantId)).toEqual([bob.seat.participantId]);
      expect(kindsOf(await mailOf(a, bob.seat))).toEqual(['room', 'left replaced', 'joined']);
      expect(second.deliveries.map(({ participantId }) => participantId)).not.toContain(second.seat.participantId);
      expect(await a.resume({ ...resumeOf(first.seat.participantId), podId: 'pod-a' })).toEqual({
        outcome: 'gone',
        reason: 'replaced',
      });
      expect(await a.join(sampleJoin(room))).toEqual({ outcome: 'room_locked' });
    });

    it('replaces the guest who has the same secret, also in a room that is full or locked', async () => {
      const room = sampleRoom({ maxParticipants: 2 });
      const first = await enter(a, room, { rejoinKeyHash: 'secret' });
      await enter(b, room, { rejoinKeyHash: 'another' });
      expect(await b.join(sampleJoin(room, { rejoinKeyHash: 'third' }))).toEqual({ outcome: 'room_full' });
      expect(await b.join(sampleJoin(room))).toEqual({ outcome: 'room_full' });
      const again = await enter(b, { ...room, locked: true, version: 2 }, { rejoinKeyHash: 'secret' });
      expect(again.replaced).toMatchObject({
        profile: { participantId: first.seat.participantId },
        reason: 'replaced',
      });
      expect(await a.participants(room.roomId)).toHaveLength(2);
      const elsewhere = sampleRoom({ tenantId: room.tenantId });
      expect((await enter(a, elsewhere, { rejoinKeyHash: 'secret' })).replaced).toBeUndefined();
    });

    it('tells a secret from an identity of the same text', async () => {
      const room = sampleRoom();
      const profile = sampleProfile(room, { identity: 'secret' });
      await enter(a, room, { profile, rejoinKeyHash: 'secret' });
      expect((await enter(b, room, { rejoinKeyHash: 'secret' })).replaced).toBeUndefined();
      expect(await a.participants(room.roomId)).toHaveLength(2);
    });

    it('refuses a join that was allowed before a ban, and none that was allowed after it', async () => {
      const room = sampleRoom();
      const { seat } = await enter(a, room);
      await a.remove(room.roomId, seat.participantId, { key: 'k1', version: 3 });
      const join = (banKeys: readonly string[], bansVersion?: number) =>
        b.join(sampleJoin(room, { banKeys, bansVersion }));
      expect(await join(['k1'])).toEqual({ outcome: 'banned' });
      expect(await join(['other', 'k1'], 2)).toEqual({ outcome: 'banned' });
      expect((await join(['k1'], 3)).outcome).toBe('joined');
      expect((await join(['other'])).outcome).toBe('joined');
      expect((await b.join(sampleJoin(sampleRoom(), { banKeys: ['k1'] }))).outcome).toBe('joined');
    });

    it('keeps what the token of a participant was', async () => {
      const room = sampleRoom();
      const admission = { tokenId: 'tok', signingKeyId: newId('sgk'), name: undefined, expiresAtMs: 1_790_000_000_000 };
      const profile = sampleProfile(room, { admission });
      await enter(a, room, { profile });
      expect(await b.participants(room.roomId)).toEqual([{ ...profile, state: 'connected' }]);
    });

    it('forgets the identity of who has left', async () => {
      const room = sampleRoom();
      await enter(a, room);
      const profile = () => sampleProfile(room, { identity: 'ada' });
      await a.leave((await enter(a, room, { profile: profile() })).seat);
      const again = await enter(b, room, { profile: profile() });
      expect(again.replaced).toBeUndefined();
      await b.remove(room.roomId, again.seat.participantId);
      const locked = { ...room, locked: true, version: 2 };
      expect(await a.join(sampleJoin(locked, { profile: profile() }))).toEqual({ outcome: 'room_locked' });
    });

    it('takes any number of guests, and any text as an identity', async () => {
      const room = sampleRoom();
      for (const identity of [undefined, undefined, '', ' ', '*', '\r\nDEL x', 'é'.repeat(128), '__proto__'])
        await enter(a, room, { profile: sampleProfile(room, { identity }) });
      const people = await b.participants(room.roomId);
      expect(people.map(({ identity }) => identity?.length)).toHaveLength(8);
    });

    it('takes the newer of two reports about a room', async () => {
      const room = sampleRoom({ version: 5 });
      const ada = await enter(a, room);
      expect(await b.changeRoom({ ...room, locked: true, version: 4 })).toEqual([]);
      const deliveries = await b.changeRoom({ ...room, locked: true, version: 6 });
      expect(deliveries).toMatchObject([{ participantId: ada.seat.participantId, sequence: 1 }]);
      expect(await mailOf(a, ada.seat)).toEqual([{ kind: 'room', room: { ...room, locked: true, version: 6 } }]);
      expect(await a.join(sampleJoin(room))).toEqual({ outcome: 'room_locked' });
      expect((await enter(a, { ...room, version: 7 })).room).toMatchObject({ version: 7, locked: false });
      expect(await b.changeRoom(sampleRoom())).toEqual([]);
    });

    it('takes no ids that are none', async () => {
      const room = sampleRoom();
      await expect(a.participants('room_*')).rejects.toThrow(TypeError);
      await expect(a.join(sampleJoin(room, { podId: 'a b' }))).rejects.toThrow(TypeError);
      await expect(a.join(sampleJoin({ ...room, tenantId: 'x' }))).rejects.toThrow(TypeError);
      await expect(a.join({ ...sampleJoin(room), room: sampleRoom() })).rejects.toThrow(TypeError);
      await expect(a.resume(resumeOf('par_>'))).rejects.toThrow(TypeError);
    });
  });
}

const resumeOf = (participantId: string) => ({
  participantId,
  resumeKeyHash: 'hash',
  podId: 'pod-b',
  lastSequence: 0,
});
