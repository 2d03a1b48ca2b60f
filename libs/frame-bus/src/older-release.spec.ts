// Frames and commit marks as the release of 2026-11-25 wrote them, byte for byte: see testing/README.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readResumePoint } from '@millrace/domain';
import type { Frame, WrittenResumePoint } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { parseCommitMark } from './marks/commit-mark-text.ts';
import { FrameReader } from './wire/frame-reader.ts';
import { PartAssembler } from './wire/part-assembler.ts';
import { writeFrameParts } from './wire/frame-writer.ts';

interface Recorded {
  readonly frames: readonly {
    readonly frame: Omit<Frame, 'payload'> & { readonly payload: string };
    readonly messages: readonly string[];
  }[];
  readonly marks: readonly { readonly mark: WrittenMark; readonly text: string }[];
}

/** A mark as that release had it: with resume points in the older form. */
interface WrittenMark {
  readonly streamId: string;
  readonly tail: WrittenResumePoint;
  readonly head: WrittenResumePoint;
  readonly between?: readonly WrittenResumePoint[];
}
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'testing/older-release.json'), 'utf8')) as Recorded;

/** The size of a message from which that release was told to make parts. */
const MESSAGE_BYTES = 140;

describe('what an older release wrote', () => {
  it.each(recorded.frames)('is read: frame $frame.sequence', ({ frame, messages }) => {
    const assembler = new PartAssembler(1_000);
    const read = messages.map((message) => {
      const reader = new FrameReader(Buffer.from(message, 'hex'));
      expect(reader.next()).toBe(true);
      return assembler.push(reader);
    });
    const whole = read.at(-1)!;
    expect({ ...whole, payload: Buffer.from(whole.payload).toString('hex') }).toEqual(frame);
  });

  it.each(recorded.frames)('is what an older release can read too: frame $frame.sequence', ({ frame, messages }) => {
    const parts = [...writeFrameParts({ ...frame, payload: Buffer.from(frame.payload, 'hex') }, MESSAGE_BYTES)];
    expect(parts.map((part) => Buffer.from(part).toString('hex'))).toEqual(messages);
  });

  it('is read: a commit mark', () => {
    for (const { mark, text } of recorded.marks) {
      const { streamId, tail, head, between } = mark;
      const points = { tail: readResumePoint(tail), head: readResumePoint(head) };
      const more = between === undefined ? {} : { between: between.map(readResumePoint) };
      expect(parseCommitMark(text)).toEqual({ streamId, ...points, ...more });
    }
  });
});
