// What pods may rely on when they wake each other, whatever carries the notes. Runs over both adapters.
import { newId } from '@millrace/domain';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RoomBus, RoomNote } from './room-bus.ts';

const WITHIN = { timeout: 10_000 };

const newsNote = (texts: readonly string[]): RoomNote => ({
  kind: 'news',
  news: texts,
  deliveries: texts.map((_, news) => ({ participantId: newId('par'), sequence: news + 1, news })),
});

/** @param open a bus of its own for each call, as each pod has one; all of them reach each other */
export function describeRoomBusContract(name: string, open: () => Promise<RoomBus>): void {
  describe(`room bus ${name}`, () => {
    const opened: RoomBus[] = [];
    const bus = async (): Promise<RoomBus> => {
      opened.push(await open());
      return opened.at(-1)!;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()));
    });

    it('brings a note to the pod it is for, and to no other', async () => {
      const [a, b, c] = [await bus(), await bus(), await bus()];
      const [heardB, heardC]: [RoomNote[], RoomNote[]] = [[], []];
      await b.listen('pod-b', (note) => heardB.push(note));
      await c.listen('pod-c', (note) => heardC.push(note));
      const out: RoomNote = { kind: 'out', participantId: newId('par'), reason: 'moved', term: 3 };
      a.tell('pod-b', newsNote(['one', 'two']));
      a.tell('pod-b', out);
      a.tell('pod-c', { ...out, reason: 'removed', term: undefined });
      await vi.waitFor(() => expect([heardB.length, heardC.length]).toEqual([2, 1]), WITHIN);
      expect(heardB[0]).toMatchObject({ news: ['one', 'two'] });
      expect(heardB[1]).toEqual(out);
      expect(heardC[0]).toMatchObject({ reason: 'removed', term: undefined });
    });

    it('reaches a pod from itself, never on its own stack', async () => {
      const a = await bus();
      const heard: RoomNote[] = [];
      await a.listen('pod-a', (note) => heard.push(note));
      a.tell('pod-a', newsNote(['x']));
      expect(heard).toEqual([]);
      await vi.waitFor(() => expect(heard).toHaveLength(1), WITHIN);
    });

    it('keeps the order of what one pod tells another', async () => {
      const [a, b] = [await bus(), await bus()];
      const heard: RoomNote[] = [];
      await b.listen('pod-b', (note) => heard.push(note));
      for (let i = 0; i < 200; i++) a.tell('pod-b', newsNote([String(i)]));
      await vi.waitFor(() => expect(heard).toHaveLength(200), WITHIN);
      expect(heard.map((note) => note.kind === 'news' && Number(note.news[0]))).toEqual(heard.map((_, i) => i));
    });

    it('is not heard after a pod has stopped listening, and a note to a pod that does not exist costs nothing', async () => {
      const [a, b] = [await bus(), await bus()];
      const heard: RoomNote[] = [];
      const stop = await b.listen('pod-b', (note) => heard.push(note));
      const later: RoomNote[] = [];
      stop();
      a.tell('pod-b', newsNote(['x']));
      a.tell('pod-z', newsNote(['x']));
      await b.listen('pod-b', (note) => later.push(note));
      await vi.waitFor(() => {
        a.tell('pod-b', newsNote(['y']));
        expect(later.length).toBeGreaterThan(0);
      }, WITHIN);
      expect(heard).toEqual([]);
    });

    it.each(['', 'a.b', '>', '*', 'a b', 'A', '-a', 'a'.repeat(64), 'a\r\nPUB x 0\r\n'])(
      'takes no name of a pod that would be another subject: %j',
      async (podId) => {
        const a = await bus();
        expect(() => a.tell(podId, newsNote(['x']))).toThrow(TypeError);
        await expect(a.listen(podId, () => undefined)).rejects.toThrow(TypeError);
      },
    );

    it('is ready until it is closed', async () => {
      const a = await bus();
      expect(a.isReady()).toBe(true);
      await a.close();
      expect(a.isReady()).toBe(false);
      expect(() => a.tell('pod-b', newsNote(['x']))).not.toThrow();
    });
  });
}
