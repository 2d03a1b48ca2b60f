import { IdPrefix, newId } from '@millrace/domain';
import type { CommitMark } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstPoint } from '../testing/cut-log.ts';
import { MarkRecorder } from './mark-recorder.ts';

let bus: FrameBus;
let streamId: string;

beforeEach(() => {
  bus = createMemoryFrameBus();
  streamId = newId(IdPrefix.liveStream);
});

afterEach(() => bus.close());

function mark(mediaSequence: number): CommitMark {
  const point = { ...firstPoint(1_000), mediaSequence };
  return { streamId, tail: point, head: point };
}

/** A bus that counts, and fails as often as it is told to. */
function counting(failures: number): { bus: Pick<FrameBus, 'recordCommit'>; tried: number[] } {
  const tried: number[] = [];
  const recordCommit = async (commit: CommitMark): Promise<void> => {
    tried.push(commit.head.mediaSequence);
    if (tried.length <= failures) throw new Error('not now');
    await bus.recordCommit(commit);
  };
  return { bus: { recordCommit }, tried };
}

describe('recording marks', () => {
  it('records them, and says how far', async () => {
    const subject = new MarkRecorder(bus, new AbortController().signal, () => undefined);
    subject.record(mark(3));
    expect(subject.markedMediaSequence).toBe(0);
    await subject.settled();
    expect(subject.markedMediaSequence).toBe(3);
    expect((await bus.lastCommit(streamId))?.head.mediaSequence).toBe(3);
  });

  it('of those that wait records only the newest', async () => {
    const { bus: counted, tried } = counting(0);
    const subject = new MarkRecorder(counted, new AbortController().signal, () => undefined);
    for (const n of [1, 2, 3, 4]) subject.record(mark(n));
    await subject.settled();
    expect(tried).toEqual([1, 4]);
    expect((await bus.lastCommit(streamId))?.head.mediaSequence).toBe(4);
  });

  it('tries again, with the newest one', async () => {
    const { bus: counted, tried } = counting(2);
    const failures: unknown[] = [];
    const subject = new MarkRecorder(counted, new AbortController().signal, (error) => void failures.push(error));
    subject.record(mark(1));
    await expect.poll(() => failures.length).toBe(1);
    subject.record(mark(2));
    await subject.settled();
    expect(tried.at(-1)).toBe(2);
    expect(subject.markedMediaSequence).toBe(2);
  });

  it('gives up when it is told to', async () => {
    const { bus: counted } = counting(Infinity);
    const abort = new AbortController();
    const subject = new MarkRecorder(counted, abort.signal, () => abort.abort());
    subject.record(mark(1));
    await subject.settled();
    expect(subject.markedMediaSequence).toBe(0);
  });
});
