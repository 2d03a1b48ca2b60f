import { describe, expect, it } from 'vitest';
import { keyframe, picture, TextForm } from '../testing/text-form.ts';
import type { Frame } from '@millrace/domain';
import { ByteBudget } from './byte-budget.ts';
import { GroupCache } from './group-cache.ts';
import { LiveFrame } from './live-frame.ts';

const budget = () => new ByteBudget({ max: 1e6, maxPerTenant: 1e6 });
const form = new TextForm();
function live(frame: Frame, startsGroup = false): LiveFrame {
  const made = new LiveFrame(frame, frame.sequence, frame.dts90k, startsGroup);
  made.bytesFor(form);
  return made;
}
const payload = (bytes: number): Uint8Array => new Uint8Array(bytes);

describe('GroupCache', () => {
  it('keeps the newest group alone', () => {
    const shared = budget();
    const group = new GroupCache({ maxBytes: 10_000, maxSpan90k: 1e6 }, shared.open({ tenantId: 'a' }));
    group.add(live(picture(1)));
    expect(group.frames).toHaveLength(0);
    for (const frame of [live(keyframe(2), true), live(picture(3)), live(keyframe(4), true), live(picture(5))])
      group.add(frame);
    expect(group.frames.map(({ dts90k }) => dts90k / 3_600)).toEqual([4, 5]);
    group.close();
    expect(shared.bytes).toBe(0);
  });

  it.each([
    ['bytes', { maxBytes: 2_000, maxSpan90k: 1e9 }, [payload(100), payload(2_000)]],
    ['time', { maxBytes: 1e6, maxSpan90k: 3_599 }, [payload(1), payload(1)]],
  ])('drops a group that has too many %s, and keeps the next one', (_, limits, [first, second]) => {
    const shared = budget();
    const group = new GroupCache(limits, shared.open({ tenantId: 'a' }));
    group.add(live(keyframe(1, { payload: first! }), true));
    expect(group.frames).toHaveLength(1);
    group.add(live(picture(2, { payload: second! })));
    expect(group.frames).toHaveLength(0);
    expect(shared.bytes).toBe(0);
    group.add(live(picture(3)));
    expect(group.frames).toHaveLength(0);
    group.add(live(keyframe(4), true));
    expect(group.frames).toHaveLength(1);
  });

  it('drops its group when the groups of all streams have no room for it', () => {
    const shared = new ByteBudget({ max: 1_000, maxPerTenant: 700 });
    const limits = { maxBytes: 1e6, maxSpan90k: 1e9 };
    const [one, two, other] = ['a', 'a', 'b'].map((tenantId) => new GroupCache(limits, shared.open({ tenantId })));
    one!.add(live(keyframe(1, { payload: payload(200) }), true));
    two!.add(live(keyframe(1, { payload: payload(200) }), true));
    expect([one!.frames.length, two!.frames.length]).toEqual([1, 0]);
    other!.add(live(keyframe(1, { payload: payload(200) }), true));
    expect(other!.frames).toHaveLength(1);
  });

  it('writes what it keeps in a form that comes later, from memory of its own', () => {
    const shared = budget();
    const group = new GroupCache({ maxBytes: 10_000, maxSpan90k: 1e6 }, shared.open({ tenantId: 'a' }));
    const block = Buffer.from('payload in a block that is used again');
    group.add(live(keyframe(1, { payload: block.subarray(0, 7) }), true));
    block.fill(0);
    const before = shared.bytes;
    const later = new TextForm();
    group.addForm(later);
    expect(Buffer.from(group.frames[0]!.bytesFor(later)!).toString()).toBe('1/1 payload');
    expect(shared.bytes).toBe(before + '1/1 payload'.length);
  });
});
