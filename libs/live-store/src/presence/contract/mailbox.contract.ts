// What waits for a participant: numbered, in order, bounded, once.
import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PresenceStore, Seat } from '../presence-store.ts';
import { decodeRoomNews } from '../room-news.ts';
import { enter, kindsOf, mailOf, sampleRoom } from './presence-harness.ts';
import type { MakePresenceHarness, PresenceHarness } from './presence-harness.ts';

const bodies = async (store: PresenceStore, seat: Seat, after = 0): Promise<string[]> =>
  (await mailOf(store, seat, after)).flatMap((news) => (news.kind === 'post' ? [news.body] : []));

export function mailboxContract(makeHarness: MakePresenceHarness): void {
  describe('mailboxes', () => {
    let harness: PresenceHarness;
    let a: PresenceStore;
    let b: PresenceStore;
    const open = async (limits = {}): Promise<void> => {
      harness = await makeHarness(limits);
      [a, b] = [await harness.open(), await harness.open()];
    };
    beforeEach(() => open());
    afterEach(() => harness.close());

    it('take a post to one, or to all others', async () => {
      const room = sampleRoom();
      const [ada, bob, eve] = [await enter(a, room), await enter(b, room, { podId: 'pod-b' }), await enter(b, room)];
      const one = await a.post(ada.seat, bob.seat.participantId, '{"x":"\u2028"}');
      expect(one).toMatchObject({ outcome: 'posted', deliveries: [{ podId: 'pod-b', sequence: 2 }] });
      const all = await a.post(ada.seat, undefined, 'all');
      expect(all.outcome === 'posted' && all.deliveries.map(({ participantId }) => participantId).sort()).toEqual(
        [bob.seat.participantId, eve.seat.participantId].sort(),
      );
      expect(await bodies(a, bob.seat)).toEqual(['{"x":"\u2028"}', 'all']);
      expect(await bodies(a, eve.seat)).toEqual(['all']);
      expect(await mailOf(a, bob.seat, 2)).toMatchObject([{ kind: 'post', from: ada.seat.participantId }]);
    });

    it('take none for another room, for an unknown participant, for the sender itself, or from one that is not there', async () => {
      const [room, other] = [sampleRoom(), sampleRoom()];
      const [ada, eve] = [await enter(a, room), await enter(a, other)];
      for (const to of [eve.seat.participantId, newId('par'), ada.seat.participantId])
        expect(await a.post(ada.seat, to, 'x')).toEqual({ outcome: 'unknown_participant' });
      expect(await bodies(a, eve.seat)).toEqual([]);
      expect(await a.post({ participantId: newId('par'), term: 1 }, undefined, 'x')).toEqual({ outcome: 'gone' });
      expect(await a.post({ ...ada.seat, term: 2 }, undefined, 'x')).toEqual({ outcome: 'gone' });
      expect(await a.read(newId('par'), 0)).toEqual([]);
    });

    it('number what many post at once without a gap', async () => {
      const room = sampleRoom({ maxParticipants: 20 });
      const ada = await enter(a, room);
      const others = await Promise.all(Array.from({ length: 10 }, (_, i) => enter(i % 2 ? a : b, room)));
      const posts = others.flatMap(({ seat }, i) =>
        Array.from({ length: 10 }, (_, j) => (i % 2 ? a : b).post(seat, ada.seat.participantId, `${i}-${j}`)),
      );
      const outcomes = await Promise.all(posts);
      const sequences = outcomes
        .flatMap((one) => (one.outcome === 'posted' ? one.deliveries : []))
        .map((one) => one.sequence);
      expect(sequences.sort((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, i) => i + 11));
      expect(await bodies(b, ada.seat)).toHaveLength(100);
      // What one participant posts keeps its order.
      const own = (await bodies(b, ada.seat)).filter((body) => body.startsWith('3-'));
      expect(own).toEqual(Array.from({ length: 10 }, (_, j) => `3-${j}`));
    });

    it('keep the newest messages and bytes, and say when they do not reach back', async () => {
      await harness.close();
      await open({ maxMailboxMessages: 5, maxMailboxBytes: 4_000 });
      const room = sampleRoom();
      const [ada, bob] = [await enter(a, room), await enter(b, room)];
      for (let i = 1; i <= 8; i++) await b.post(bob.seat, ada.seat.participantId, String(i));
      expect(await a.read(ada.seat.participantId, 3)).toBeUndefined();
      expect(await bodies(a, ada.seat, 4)).toEqual(['4', '5', '6', '7', '8']);
      await b.post(bob.seat, ada.seat.participantId, 'x'.repeat(3_900));
      expect((await a.read(ada.seat.participantId, 9))!.map(({ news }) => news.length)).toHaveLength(1);
      expect(await a.read(ada.seat.participantId, 8)).toBeUndefined();
      expect(await a.read(ada.seat.participantId, 99)).toBeUndefined();
    });

    it('let go of what has arrived', async () => {
      const room = sampleRoom();
      const [ada, bob] = [await enter(a, room), await enter(b, room)];
      for (let i = 1; i <= 4; i++) await b.post(bob.seat, ada.seat.participantId, String(i));
      const renewal = await a.renew('pod-a', [{ seat: ada.seat, acknowledged: 3 }]);
      expect(renewal.answers).toEqual([{ held: true, lastSequence: 5 }]);
      expect(await a.read(ada.seat.participantId, 2)).toBeUndefined();
      expect(await bodies(a, ada.seat, 3)).toEqual(['3', '4']);
      await a.renew('pod-a', [{ seat: ada.seat, acknowledged: 99 }]);
      expect(await a.read(ada.seat.participantId, 5)).toEqual([]);
      await b.post(bob.seat, ada.seat.participantId, '5');
      expect(await bodies(a, ada.seat, 5)).toEqual(['5']);
    });

    it('tell of changes, in the state that the participant has', async () => {
      const room = sampleRoom();
      const [ada, bob] = [await enter(a, room), await enter(b, room)];
      const profile = {
        ...(await a.participants(room.roomId)).find((one) => one.participantId === bob.seat.participantId)!,
      };
      const { state: _, ...plain } = { ...profile, name: 'Bobby' };
      const outcome = await b.update(bob.seat, plain);
      expect(outcome.outcome === 'posted' && decodeRoomNews(outcome.deliveries[0]!.news)).toEqual({
        kind: 'updated',
        state: 'connected',
        profile: plain,
      });
      expect((await a.participants(room.roomId)).map(({ name }) => name)).toContain('Bobby');
      expect(kindsOf(await mailOf(a, ada.seat))).toEqual(['joined', 'updated connected']);
      expect(await b.update({ ...bob.seat, term: 9 }, plain)).toEqual({ outcome: 'gone' });
    });
  });
}
