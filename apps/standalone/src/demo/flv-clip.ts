// A short FLV file as an endless stream: the same tags again and again, with times that go on.
import { readFileSync } from 'node:fs';
import {
  AudioPacketType,
  FlvDecoder,
  FlvTagType,
  readAudioTag,
  readVideoTag,
  VideoPacketType,
} from '@millrace/protocol/flv';
import type { FlvTag } from '@millrace/protocol/flv';

/** A tag of a kind that a publisher sends as media. */
export type ClipTag = FlvTag & { readonly type: typeof FlvTagType.audio | typeof FlvTagType.video };

export class FlvClip {
  readonly #tags: readonly ClipTag[];
  readonly #firstMs: number;
  /** How long one round takes: up to where the next frame after the last one would be. */
  readonly durationMs: number;

  constructor(tags: readonly FlvTag[]) {
    this.#tags = tags.filter((tag) => isMedia(tag)).filter((tag) => !isSequenceEnd(tag));
    const frames = this.#tags.filter((tag) => !isConfiguration(tag));
    if (frames.length < 2) throw new Error('a clip needs at least two frames');
    this.#firstMs = Math.min(...frames.map(({ timestampMs }) => timestampMs));
    const ends = [FlvTagType.audio, FlvTagType.video].map((type) => endOf(frames.filter((tag) => tag.type === type)));
    this.durationMs = Math.max(...ends) - this.#firstMs;
  }

  /** @throws ProtocolError when the file is no FLV file */
  static read(file: string): FlvClip {
    return new FlvClip(new FlvDecoder().push(readFileSync(file)));
  }

  /** Every tag in order, for ever, with its time in milliseconds from 0; the codec configuration comes once. */
  *rounds(): Generator<{ readonly tag: ClipTag; readonly atMs: number }, never> {
    for (let startMs = 0; ; startMs += this.durationMs) {
      for (const tag of this.#tags) {
        if (startMs > 0 && isConfiguration(tag)) continue;
        yield { tag, atMs: Math.max(0, Math.round(startMs + tag.timestampMs - this.#firstMs)) };
      }
    }
  }
}

const isMedia = (tag: FlvTag): tag is ClipTag => tag.type === FlvTagType.audio || tag.type === FlvTagType.video;

function isConfiguration({ type, data }: ClipTag): boolean {
  return type === FlvTagType.video
    ? readVideoTag(data).packetType === VideoPacketType.sequenceStart
    : readAudioTag(data).packetType === AudioPacketType.sequenceStart;
}

/** Says that nothing more comes, which is not so here. */
function isSequenceEnd({ type, data }: ClipTag): boolean {
  return type === FlvTagType.video
    ? readVideoTag(data).packetType === VideoPacketType.sequenceEnd
    : readAudioTag(data).packetType === AudioPacketType.sequenceEnd;
}

/** Where the frame after the last one would be, as far apart as the frames before. */
function endOf(tags: readonly FlvTag[]): number {
  const [first, last] = [tags[0], tags.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return last.timestampMs + (last.timestampMs - first.timestampMs) / Math.max(1, tags.length - 1);
}
