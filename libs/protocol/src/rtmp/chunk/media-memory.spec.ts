import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fenceMediaMemory, MediaMemory } from './media-memory.ts';

const SPARE_BYTES = 8 * 1024 * 1024;

interface Message {
  readonly bytes: Buffer;
  /** What a frame is made of: the message without its tag header. */
  readonly payload: Buffer;
}

function reserve(memory: MediaMemory, size: number): Message {
  memory.reserve(size);
  const bytes = memory.memory.subarray(memory.offset, memory.offset + size);
  return { bytes, payload: bytes.subarray(Math.min(5, size - 1)) };
}

/** Reserves messages until another slab begins. */
function fillSlab(memory: MediaMemory, size = 1_000): Message[] {
  const first = reserve(memory, size);
  const messages = [first];
  for (;;) {
    const next = reserve(memory, size);
    if (next.bytes.buffer !== first.bytes.buffer) return [...messages, next];
    messages.push(next);
  }
}

/** Has slabs of the largest size that messages like these need. */
function grown(): MediaMemory {
  const memory = new MediaMemory(SPARE_BYTES);
  while (memory.memory.length < 256 * 1024) {
    const { payload } = reserve(memory, 1_000);
    memory.keep(payload);
    memory.free(payload);
  }
  return memory;
}

function pass(memory: MediaMemory, messages: readonly Message[]): void {
  for (const { payload } of messages) memory.keep(payload);
  for (const { payload } of messages) memory.free(payload);
}

describe('MediaMemory', () => {
  it('allocates nothing any more once as much is freed as comes', () => {
    const memory = grown();
    const kept: Message[] = [];
    const step = (size: number) => {
      const message = reserve(memory, size);
      memory.keep(message.payload);
      kept.push(message);
      if (kept.length > 200) memory.free(kept.shift()!.payload);
    };
    for (let i = 0; i < 2_000; i++) step(i % 60 === 0 ? 100_000 : 9_000);
    const { allocated } = memory;
    for (let i = 0; i < 20_000; i++) step(i % 60 === 0 ? 100_000 : 9_000);
    expect(memory.allocated).toBe(allocated);
    expect(memory.recycled).toBeGreaterThan(500);
  });

  it('does not use a slab again before each message in it is freed', () => {
    const memory = grown();
    const [first, ...rest] = fillSlab(memory).slice(0, -1);
    for (const { payload } of [first!, ...rest]) memory.keep(payload);
    for (const { payload } of rest) memory.free(payload);
    const { recycled } = memory;
    fillSlab(memory);
    expect(memory.recycled).toBe(recycled);
    memory.free(first!.payload);
    fillSlab(memory);
    fillSlab(memory);
    expect(memory.recycled).toBe(recycled + 1);
  });

  const spoilt: Readonly<Record<string, (memory: MediaMemory, messages: readonly Message[]) => void>> = {
    'was dropped, or copied, or is not whole': (memory, messages) => pass(memory, messages.slice(1)),
    'was kept twice': (memory, messages) => {
      memory.keep(messages[0]!.payload);
      pass(memory, messages);
    },
    'was freed twice, and another one not': (memory, messages) => {
      for (const { payload } of messages) memory.keep(payload);
      for (const { payload } of [messages[0]!, ...messages.slice(0, -1)]) memory.free(payload);
    },
    'became two payloads': (memory, [first, ...rest]) => {
      const halves = [first!.payload.subarray(0, 10), first!.payload.subarray(10)].map((payload) => ({
        payload,
        bytes: payload,
      }));
      pass(memory, [...halves, ...rest]);
    },
    'is part of a payload that reaches into the next one': (memory, [first, ...rest]) => {
      const { buffer, byteOffset, length } = first!.payload;
      pass(memory, [{ bytes: first!.bytes, payload: Buffer.from(buffer, byteOffset, length + 1) }, ...rest]);
    },
  };
  it.each(Object.entries(spoilt))('leaves a slab to the collector when a message in it %s', (_, spoil) => {
    const memory = grown();
    const messages = fillSlab(memory).slice(0, -1);
    const { buffer } = messages[0]!.bytes;
    spoil(memory, messages);
    const later = Array.from({ length: 5 }, () => fillSlab(memory)).flat();
    expect(later.some(({ bytes }) => bytes.buffer === buffer)).toBe(false);
  });

  it('ignores payloads that lie elsewhere', () => {
    const memory = grown();
    memory.keep(Buffer.from('elsewhere'));
    memory.free(Buffer.from('elsewhere'));
    const messages = fillSlab(memory).slice(0, -1);
    pass(memory, messages);
    fillSlab(memory);
    expect(fillSlab(memory)).not.toHaveLength(0);
    expect(memory.recycled).toBeGreaterThan(0);
  });

  it('keeps no more than it may, and nothing that was not needed for a while', () => {
    const memory = new MediaMemory(1024 * 1024);
    const many = Array.from({ length: 100 }, () => fillSlab(memory)).flat();
    pass(memory, many);
    expect(memory.spareBytes).toBe(1024 * 1024);
    // A little at a time from now on.
    for (let i = 0; i < 40 * 300; i++) pass(memory, [reserve(memory, 1_000)]);
    expect(memory.spareBytes).toBeLessThanOrEqual(2 * 256 * 1024);
    memory.close();
    expect(memory.spareBytes).toBe(0);
  });

  it('uses nothing again after it was closed, also of what is freed then', () => {
    const memory = grown();
    const messages = fillSlab(memory);
    for (const { payload } of messages) memory.keep(payload);
    memory.close();
    for (const { payload } of messages) memory.free(payload);
    expect(memory.spareBytes).toBe(0);
    const { recycled } = memory;
    fillSlab(memory);
    expect(memory.recycled).toBe(recycled);
  });

  it.each([
    [
      'a message of each is dropped',
      ({ payload }: Message, memory: MediaMemory, isFirst: boolean) => {
        if (isFirst) return;
        memory.keep(payload);
        memory.free(payload);
      },
    ],
    [
      'a reader has had them, so that none is freed',
      ({ payload }: Message, memory: MediaMemory) => memory.keep(payload),
    ],
  ])('holds on to no slab that is not used again: %s', async (_, pass) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const memory = grown();
    const slabs: WeakRef<ArrayBufferLike>[] = [];
    for (let slab = 0; slab < 100; slab++) {
      slabs.push(new WeakRef(memory.memory.buffer));
      for (const [index, message] of fillSlab(memory).slice(0, -1).entries()) pass(message, memory, index === 0);
    }
    await expect
      .poll(() => {
        collect();
        return slabs.filter((slab) => slab.deref() === undefined).length;
      })
      .toBeGreaterThan(90);
    expect(memory.spareBytes).toBe(0);
  });

  it('takes no note of more messages than a slab has room for pictures and sound', () => {
    const memory = grown();
    const messages = Array.from({ length: 3 * 256 * 1024 }, () => reserve(memory, 1));
    for (const { payload } of messages) memory.keep(payload);
    for (const { payload } of messages) memory.free(payload);
    expect(memory.spareBytes).toBe(0);
  });

  it('gives a message above the usual size a slab of its own, which is used again too', () => {
    const memory = grown();
    for (let i = 0; i < 5; i++) pass(memory, [reserve(memory, 700_000 + i)]);
    expect(memory.recycled).toBe(4);
  });

  it('costs a publisher that sends little no more than 4 KiB', () => {
    const memory = new MediaMemory(SPARE_BYTES);
    for (let i = 0; i < 8; i++) reserve(memory, 300);
    expect(memory.memory).toHaveLength(4096);
  });

  it('never lets a message that is not freed see what is written later, whatever happens to the others', () => {
    const step = fc.record({
      size: fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 900_000 }) },
      ),
      fate: fc.oneof(
        { weight: 40, arbitrary: fc.constant('keep') },
        { weight: 1, arbitrary: fc.constantFrom('drop', 'split', 'twice') },
      ),
      freed: fc.nat(20),
    });
    let recycled = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 400, maxLength: 600 }), (steps) => {
        const memory = new MediaMemory(SPARE_BYTES);
        const readable = new Map<Buffer, number>();
        const logged: Buffer[] = [];
        for (const [index, { size, fate, freed }] of steps.entries()) {
          const { bytes, payload } = reserve(memory, size);
          bytes.fill(index & 0xff);
          if (fate === 'split' && payload.length > 1) {
            for (const half of [payload.subarray(0, 1), payload.subarray(1)]) {
              memory.keep(half);
              readable.set(half, index);
              logged.push(half);
            }
          } else {
            readable.set(payload, index);
            if (fate !== 'drop') {
              memory.keep(payload);
              logged.push(payload);
              if (fate === 'twice') memory.keep(payload);
            }
          }
          for (const gone of logged.splice(0, Math.max(0, freed - 10))) {
            readable.delete(gone);
            memory.free(gone);
          }
          for (const [view, number] of readable) {
            const byte = number & 0xff;
            if (view[0] !== byte || view.at(-1) !== byte) throw new Error(`message ${number} was written over`);
          }
        }
        recycled += memory.recycled;
      }),
      { numRuns: 20 },
    );
    expect(recycled).toBeGreaterThan(100);
  });

  it('empties what still looks at memory that is used again, where tests want it so', () => {
    fenceMediaMemory(true);
    onTestFinished(() => fenceMediaMemory(false));
    const memory = grown();
    const messages = fillSlab(memory).slice(0, -1);
    pass(memory, messages);
    fillSlab(memory);
    const stale = fillSlab(memory);
    expect(stale.length).toBeGreaterThan(0);
    expect(messages.map(({ payload }) => payload.length)).toEqual(messages.map(() => 0));
  });
});
