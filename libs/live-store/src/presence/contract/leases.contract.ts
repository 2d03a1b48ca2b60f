// What time does: sockets that drop, pods that die, rooms that empty.
import { newId } from '@millrace/domain';
import { afterEach, describe, expect, it } from 'vitest';
import type { PresenceLimits } from '../presence-limits.ts';
import type { PresenceStore, ResumeSeat, Seat, Sweep } from '../presence-store.ts';
import { enter, kindsOf, mailOf, sampleProfile, sampleRoom } from './presence-harness.ts';
import type { MakePresenceHarness, PresenceHarness } from './presence-harness.ts';

const LONG_MS = 60_000;
const SHORT_MS = 150;

export function presenceLeasesContract(makeHarness: MakePresenceHarness): void {
  describe('places over time', () => {
    let harness: PresenceHarness;
    let a: PresenceStore;
    let b: PresenceStore;
    let swept: Sweep[] = [];
    const open = async (limits: Partial<PresenceLimits>): Promise<void> => {
      harness = await makeHarness({ leaseMs: LONG_MS, resumeWindowMs: LONG_MS, emptyRoomMs: LONG_MS, ...limits });
      [a, b] = [await harness.open(), await harness.open()];
      swept = [];
    };
    afterEach(() => harness.close());

    const resumeOf = ({ participantId }: Seat, more: Partial<ResumeSeat> = {}): ResumeSeat => ({
      participantId,
      resumeKeyHash: 'hash',
      podId: 'pod-b',
      lastSequence: 0,
      ...more,
    });
    const stateOf = async (roomId: string, { participantId }: Seat) =>
      (await a.participants(roomId)).find((one) => one.participantId === participantId)?.state;
    /** Sweeps until a participant is gone or reconnecting. */
    const sweepUntil = (condition: () => Promise<boolean>): Promise<void> =>
      harness.until(async () => {
        swept.push(await b.sweep());
        return condition();
      });

    it('are kept while the socket is away, and resumed on another pod with all that waited, once', async () => {
      await open({});
      const room = sampleRoom();
      const profile = sampleProfile(room, { identity: 'ada' });
      const [ada, bob] = [await enter(a, room, { profile }), await enter(b, room, { podId: 'pod-b' })];
      const [dropped] = await a.detach(ada.seat);
      expect(dropped).toMatchObject({ participantId: bob.seat.participantId, podId: 'pod-b' });
      expect(await stateOf(room.roomId, ada.seat)).toBe('reconnecting');
      const posted = await b.post(bob.seat, ada.seat.participantId, 'while away');
      expect(posted).toEqual({ outcome: 'posted', deliveries: [] });

      const resumed = await b.resume(resumeOf(ada.seat, { lastSequence: 1, podId: 'pod-c' }));
      expect(resumed).toMatchObject({
        outcome: 'resumed',
        seat: { participantId: profile.participantId, term: 2 },
        participant: { ...profile, state: 'connected' },
        room,
        others: [{ participantId: bob.seat.participantId }],
        missed: [{ sequence: 2 }],
        previousPodId: undefined,
      });
      expect(kindsOf(await mailOf(a, bob.seat))).toEqual(['updated reconnecting', 'updated connected']);
      expect(await a.detach(ada.seat)).toEqual([]);
      expect(await stateOf(room.roomId, ada.seat)).toBe('connected');
      expect((await a.renew('pod-a', [{ seat: ada.seat, acknowledged: 0 }])).answers).toEqual([
        { held: false, reason: 'moved' },
      ]);
      expect(await a.leave(ada.seat)).toEqual({ departures: [], deliveries: [] });
      const next = await b.post(bob.seat, ada.seat.participantId, 'back');
      expect(next).toMatchObject({ deliveries: [{ podId: 'pod-c', sequence: 3 }] });
    });

    it('are resumed before it was noticed, and the pod before is named', async () => {
      await open({});
      const room = sampleRoom();
      const [ada, bob] = [await enter(a, room), await enter(b, room)];
      const resumed = await b.resume(resumeOf(ada.seat, { lastSequence: 1 }));
      expect(resumed).toMatchObject({ outcome: 'resumed', previousPodId: 'pod-a', missed: [], deliveries: [] });
      expect(kindsOf(await mailOf(a, bob.seat))).toEqual([]);
    });

    it('are not given to who does not have the key, or asks for what never was', async () => {
      await open({});
      const room = sampleRoom();
      const ada = await enter(a, room);
      expect(await b.resume(resumeOf(ada.seat, { resumeKeyHash: 'other' }))).toEqual({ outcome: 'unknown' });
      expect(await b.resume(resumeOf({ participantId: newId('par'), term: 1 }))).toEqual({ outcome: 'unknown' });
      await a.leave(ada.seat);
      expect(await b.resume(resumeOf(ada.seat))).toEqual({ outcome: 'gone', reason: 'left' });
      expect(await b.resume(resumeOf(ada.seat, { resumeKeyHash: 'other' }))).toEqual({ outcome: 'unknown' });
    });

    it('are given up at once when too much was missed: the room is not kept waiting', async () => {
      await open({ maxMailboxMessages: 2 });
      const room = sampleRoom({ maxParticipants: 2 });
      const [ada, bob] = [await enter(a, room), await enter(b, room)];
      await a.detach(ada.seat);
      for (const text of ['1', '2', '3']) await b.post(bob.seat, ada.seat.participantId, text);
      const late = await b.resume(resumeOf(ada.seat, { lastSequence: 1 }));
      expect(late).toMatchObject({ outcome: 'too_late', departures: [{ reason: 'lost' }] });
      await enter(a, room);
    });

    it('of a pod that has died reconnect when its lease is over, and are lost after the window', async () => {
      await open({ leaseMs: SHORT_MS, resumeWindowMs: SHORT_MS });
      const room = sampleRoom();
      const [ada, bob] = [await enter(a, room), await enter(b, room, { podId: 'pod-b' })];
      const beat = () => b.renew('pod-b', [{ seat: bob.seat, acknowledged: 0 }]);
      await sweepUntil(async () => (await beat(), await stateOf(room.roomId, ada.seat)) === 'reconnecting');
      expect(swept.flatMap(({ departures }) => departures)).toEqual([]);
      await sweepUntil(async () => (await beat(), await stateOf(room.roomId, ada.seat)) === undefined);
      const departures = swept.flatMap((one) => one.departures);
      expect(departures).toMatchObject([{ reason: 'lost', podId: undefined, profile: { roomId: room.roomId } }]);
      expect(kindsOf(await mailOf(b, bob.seat))).toEqual(['updated reconnecting', 'left lost']);
      expect(swept.flatMap((one) => one.deliveries).map(({ podId }) => podId)).toEqual(['pod-b', 'pod-b']);
      expect(await b.resume(resumeOf(ada.seat))).toEqual({ outcome: 'gone', reason: 'lost' });
    });

    it('come back with the next sign of life when a lease had only lapsed', async () => {
      await open({ leaseMs: SHORT_MS });
      const room = sampleRoom();
      const ada = await enter(a, room);
      await sweepUntil(async () => (await stateOf(room.roomId, ada.seat)) === 'reconnecting');
      const renewal = await a.renew('pod-a', [{ seat: ada.seat, acknowledged: 0 }]);
      expect(renewal.answers).toEqual([{ held: true, lastSequence: 0 }]);
      expect(await stateOf(room.roomId, ada.seat)).toBe('connected');
    });

    it('are told apart in one sign of life for many', async () => {
      await open({});
      const room = sampleRoom();
      const seats = [await enter(a, room), await enter(a, room), await enter(a, room)].map(({ seat }) => seat);
      await a.remove(room.roomId, seats[1]!.participantId);
      const unknown = { participantId: newId('par'), term: 1 };
      const beats = [...seats, unknown].map((seat) => ({ seat, acknowledged: 0 }));
      expect((await a.renew('pod-a', beats)).answers).toEqual([
        { held: true, lastSequence: 3 },
        { held: false, reason: 'removed' },
        { held: true, lastSequence: 1 },
        { held: false, reason: 'unknown' },
      ]);
      expect(await a.renew('pod-a', [])).toEqual({ answers: [], deliveries: [] });
    });

    it('are taken away by the room that they are in, and by no other', async () => {
      await open({});
      const [room, other] = [sampleRoom(), sampleRoom()];
      const ada = await enter(a, room);
      expect(await b.remove(other.roomId, ada.seat.participantId)).toEqual({ departures: [], deliveries: [] });
      expect(await b.remove(room.roomId, ada.seat.participantId)).toMatchObject({
        departures: [{ podId: 'pod-a', reason: 'removed' }],
      });
      expect(await b.remove(room.roomId, ada.seat.participantId)).toEqual({ departures: [], deliveries: [] });
    });

    it('end with their room, which cannot be joined for a while', async () => {
      await open({ rememberMs: SHORT_MS });
      const room = sampleRoom();
      const [ada, bob] = [await enter(a, room), await enter(b, room, { podId: 'pod-b' })];
      const ended = await b.endRoom(room);
      expect(ended.departures.map(({ podId, reason }) => `${podId} ${reason}`).sort()).toEqual([
        'pod-a room_ended',
        'pod-b room_ended',
      ]);
      expect(ended).toMatchObject({ deliveries: [], closed: [{ tenantId: room.tenantId, roomId: room.roomId }] });
      expect(await a.endRoom(room)).toEqual({ departures: [], deliveries: [], closed: [] });
      expect(await a.openRooms([room.roomId])).toEqual([undefined]);
      expect(await a.join({ ...joinOf(room) })).toEqual({ outcome: 'room_ended' });
      expect(
        (
          await a.renew(
            'pod-a',
            [ada.seat, bob.seat].map((seat) => ({ seat, acknowledged: 0 })),
          )
        ).answers,
      ).toEqual([
        { held: false, reason: 'room_ended' },
        { held: false, reason: 'room_ended' },
      ]);
      await harness.until(async () => (await a.join(joinOf(room))).outcome === 'joined');
    });

    it('leave a room that closes when it has been empty for a while, and not when a participant came back', async () => {
      await open({ emptyRoomMs: SHORT_MS });
      const [room, kept] = [sampleRoom(), sampleRoom()];
      for (const one of [room, kept]) await a.leave((await enter(a, one)).seat);
      expect((await a.openRooms([room.roomId]))[0]).toMatchObject({ participants: 0 });
      await enter(b, kept);
      await sweepUntil(async () => (await a.openRooms([room.roomId]))[0] === undefined);
      expect(swept.flatMap(({ closed }) => closed)).toEqual([{ tenantId: room.tenantId, roomId: room.roomId }]);
      expect((await a.openRooms([kept.roomId]))[0]).toMatchObject({ participants: 1 });
      expect(await enter(a, room)).toMatchObject({ opened: true });
    });

    it('are not lost to an outage in which no participant could come back', async () => {
      await open({ resumeWindowMs: SHORT_MS, outageMs: SHORT_MS / 2 });
      const room = sampleRoom();
      const ada = await enter(a, room);
      await b.sweep();
      await a.detach(ada.seat);
      let waited = 0;
      await harness.until(async () => ++waited > 40);
      expect((await b.sweep()).departures).toEqual([]);
      expect(await b.resume(resumeOf(ada.seat))).toMatchObject({ outcome: 'resumed' });
    });
  });
}

const joinOf = (room: ReturnType<typeof sampleRoom>) => ({
  profile: sampleProfile(room),
  room,
  maxRooms: 10,
  maxParticipants: 10,
  podId: 'pod-a',
  resumeKeyHash: 'hash',
});
