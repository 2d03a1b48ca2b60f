// In order, without a gap, once: whatever comes first.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeatOutbox } from './seat-outbox.ts';

const entry = (sequence: number) => ({ sequence, news: String(sequence) });

function outboxOver(mailbox: () => number, fails: () => boolean = () => false) {
  const sent: number[] = [];
  const seen = { gaps: 0, failures: 0, reads: 0 };
  const outbox = new SeatOutbox({
    read: async (after) => {
      seen.reads++;
      await Promise.resolve();
      if (fails()) throw new Error('the store is away');
      return Array.from({ length: mailbox() - after }, (_, i) => entry(after + 1 + i));
    },
    emit: ({ sequence }) => sent.push(sequence),
    gap: () => seen.gaps++,
    caughtUp: () => undefined,
    failed: () => seen.failures++,
  });
  return { outbox, sent, seen };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('sends what comes in any order, twice or not at all, each once and in order', async () => {
  const notes = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(notes, fc.integer({ min: 0, max: 60 }), async (sequences, openAt) => {
      let newest = 0;
      const { outbox, sent } = outboxOver(() => newest);
      for (const [i, sequence] of sequences.entries()) {
        newest = Math.max(newest, sequence);
        if (i === openAt) outbox.open(0, []);
        outbox.push(entry(sequence));
        if (sequence % 3 === 0) await settled();
      }
      outbox.open(0, []);
      outbox.known(newest);
      await settled();
      expect(sent).toEqual(Array.from({ length: newest }, (_, i) => i + 1));
    }),
    { numRuns: 200 },
  );
});

it('needs no mailbox while everything comes as it should', () => {
  const { outbox, sent, seen } = outboxOver(() => 3);
  outbox.open(0, [entry(1)]);
  outbox.push(entry(2));
  outbox.push(entry(3));
  expect([sent, seen.reads]).toEqual([[1, 2, 3], 0]);
});

it('tries again with the next sign of life when the store was away', async () => {
  let away = true;
  const { outbox, sent, seen } = outboxOver(
    () => 3,
    () => away,
  );
  outbox.open(0, []);
  outbox.push(entry(3));
  await settled();
  expect([sent, seen.failures]).toEqual([[], 1]);
  away = false;
  outbox.known(3);
  await settled();
  expect(sent).toEqual([1, 2, 3]);
});

it('sends nothing before it is opened or after it is closed', async () => {
  const { outbox, sent } = outboxOver(() => 9);
  outbox.push(entry(1));
  expect(sent).toEqual([]);
  outbox.open(0, []);
  outbox.close();
  await settled();
  outbox.push(entry(2));
  expect(sent).toEqual([]);
});
