import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAbort } from '../message/abort.ts';
import { encodeSetChunkSize } from '../message/set-chunk-size.ts';
import { decodeAll } from '../testing/message-log.ts';
import { pattern } from '../testing/raw-chunk.ts';
import { ChunkEncoder } from './chunk-encoder.ts';
import type { OutgoingMessage } from './chunk-encoder.ts';

/** Message types that the decoder does not obey itself. */
const type = fc.constantFrom(4, 8, 9, 18, 20, 22, 0, 255);
const timestamp = fc.oneof(fc.nat(100), fc.integer({ min: 0xfffff0, max: 0x1000010 }), fc.nat(0xffffffff));
const message: fc.Arbitrary<OutgoingMessage> = fc.record({
  type,
  timestamp,
  messageStreamId: fc.constantFrom(0, 1, 0xffffffff),
  chunkStreamId: fc.constantFrom(2, 3, 63, 64, 319, 320, 65_599),
  payload: fc.tuple(fc.nat(700), fc.nat(255)).map(([length, start]) => pattern(length, start)),
});

/** A message with the chunk size that is announced before it, if any. */
const step = fc.record({ message, chunkSize: fc.option(fc.constantFrom(1, 2, 100, 128, 4096, 65_536)) });

/** Cuts input at places chosen by the generator. */
const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 });
function cutBy(sizes: readonly number[]): (input: Buffer) => readonly Buffer[] {
  return (input) => {
    const pieces: Buffer[] = [];
    for (let at = 0, i = 0; at < input.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      pieces.push(input.subarray(at, at + size));
      at += size;
    }
    return pieces;
  };
}

function logged({
  type: kind,
  timestamp: time,
  messageStreamId: stream,
  chunkStreamId: csid,
  payload,
}: OutgoingMessage): unknown {
  return { type: kind, stream, time, csid, data: Buffer.from(payload).toString('hex') };
}

function announce(encoder: ChunkEncoder, chunkSize: number | null): Buffer {
  if (chunkSize === null) return Buffer.alloc(0);
  const payload = encodeSetChunkSize(chunkSize);
  const out = encoder.encode({ type: 1, messageStreamId: 0, timestamp: 0, chunkStreamId: 2, payload }, { fmt: 0 });
  encoder.chunkSize = chunkSize;
  return out;
}

describe('chunk encoder and decoder', () => {
  it('any messages in any chunk sizes, cut anyhow, come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), cuts, fc.boolean(), (steps, sizes, repeatExtendedTimestamp) => {
        const encoder = new ChunkEncoder();
        const input = steps.flatMap((one) => [
          announce(encoder, one.chunkSize),
          encoder.encode(one.message, { repeatExtendedTimestamp }),
        ]);
        // A payload that looks like an omitted extended timestamp is the one documented exception.
        fc.pre(repeatExtendedTimestamp || steps.every((one) => one.message.timestamp < 0xffffff));
        expect(decodeAll(Buffer.concat(input), cutBy(sizes))).toEqual(steps.map((one) => logged(one.message)));
      }),
      { numRuns: 300 },
    );
  });

  it('peers that omit the extended timestamp are understood from their first long message on', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), cuts, (messages, sizes) => {
        // Payload bytes 0xee never look like one of these timestamps.
        const plain = messages.map((one) => ({ ...one, payload: Buffer.alloc(one.payload.length, 0xee) }));
        const encoder = new ChunkEncoder();
        const input = plain.map((one) => encoder.encode(one, { fmt: 0, repeatExtendedTimestamp: false }));
        fc.pre(plain.every((one) => one.timestamp >>> 24 !== 0xee));
        expect(decodeAll(Buffer.concat(input), cutBy(sizes))).toEqual(plain.map(logged));
      }),
    );
  });

  it('messages whose chunks are shuffled together come out as they went in', () => {
    const plan = fc.record({
      messages: fc.uniqueArray(message, { selector: (one) => one.chunkStreamId, minLength: 2, maxLength: 6 }),
      turns: fc.array(fc.nat(), { minLength: 1, maxLength: 50 }),
      sizes: cuts,
    });
    fc.assert(
      fc.property(plan, ({ messages, turns, sizes }) => {
        const encoder = new ChunkEncoder();
        const running = messages.map((one) => encoder.chunks(one));
        const out: Buffer[] = [];
        for (let turn = 0; running.length > 0; turn++) {
          const index = (turns[turn % turns.length] ?? 0) % running.length;
          const chunk = running[index]?.next();
          if (chunk?.done === false) out.push(chunk.value);
          else running.splice(index, 1);
        }
        // There is one message per chunk stream, and the shortest may overtake.
        const decoded = new Map(decodeAll(Buffer.concat(out), cutBy(sizes)).map((one) => [one.csid, one]));
        expect(decoded).toEqual(new Map(messages.map((one) => [one.chunkStreamId, logged(one)])));
      }),
    );
  });

  it('a message that is begun, aborted and sent again comes once', () => {
    fc.assert(
      fc.property(message, cuts, (one, sizes) => {
        fc.pre(one.chunkStreamId !== 2 && one.payload.length > 128);
        const encoder = new ChunkEncoder();
        const begun = encoder.chunks(one).next();
        const payload = encodeAbort(one.chunkStreamId);
        const abort = encoder.encode({ type: 2, messageStreamId: 0, timestamp: 0, chunkStreamId: 2, payload });
        const input = Buffer.concat([begun.value ?? Buffer.alloc(0), abort, encoder.encode(one, { fmt: 0 })]);
        expect(decodeAll(input, cutBy(sizes))).toEqual([logged(one)]);
      }),
    );
  });
});
