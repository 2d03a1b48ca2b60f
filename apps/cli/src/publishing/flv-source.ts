// FLV tags as an encoder sends them: from a file, or from ffmpeg's standard output, at the pace of their timestamps.
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ProtocolError } from '@millrace/protocol/bytes';
import {
  AudioPacketType,
  FlvDecoder,
  FlvTagType,
  readAudioTag,
  readVideoTag,
  VideoPacketType,
} from '@millrace/protocol/flv';
import type { FlvTag } from '@millrace/protocol/flv';
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';

export interface MediaTag {
  readonly type: typeof FlvTagType.audio | typeof FlvTagType.video;
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

/** Distance between the last frame of a round and the first one of the next. */
const ROUND_GAP_MS = 40;

const isMedia = (tag: FlvTag): tag is FlvTag & MediaTag =>
  tag.type === FlvTagType.audio || tag.type === FlvTagType.video;

/** @throws CliError when it is no FLV stream */
export async function* readTags(stream: Readable, name: string): AsyncGenerator<MediaTag, void> {
  const decoder = new FlvDecoder();
  try {
    for await (const piece of stream) for (const tag of decoder.push(piece as Buffer)) if (isMedia(tag)) yield tag;
  } catch (error) {
    if (error instanceof ProtocolError)
      throw new CliError(ExitCode.failure, `${name} is not FLV: ${error.detail}`, {
        advice: 'Install ffmpeg to publish files of other formats.',
        cause: error,
      });
    throw error;
  }
}

/** What says that nothing follows, which is not so when the file begins again. */
function isConfigurationOrEnd({ type, data }: MediaTag): { readonly configuration: boolean; readonly end: boolean } {
  if (type === FlvTagType.video) {
    const { packetType } = readVideoTag(data);
    return {
      configuration: packetType === VideoPacketType.sequenceStart,
      end: packetType === VideoPacketType.sequenceEnd,
    };
  }
  const { packetType } = readAudioTag(data);
  return {
    configuration: packetType === AudioPacketType.sequenceStart,
    end: packetType === AudioPacketType.sequenceEnd,
  };
}

/** The tags of an FLV file; with `loop` again and again, with times that go on. */
export async function* readFlvFile(file: string, loop: boolean): AsyncGenerator<MediaTag, void> {
  let offsetMs = 0;
  for (let round = 0; ; round++) {
    let lastMs = 0;
    for await (const tag of readTags(createReadStream(file), file)) {
      const { configuration, end } = isConfigurationOrEnd(tag);
      if (end || (configuration && round > 0)) continue;
      lastMs = Math.max(lastMs, tag.timestampMs);
      yield { ...tag, timestampMs: tag.timestampMs + offsetMs };
    }
    if (lastMs === 0) throw new CliError(ExitCode.failure, `${file} contains no audio or video`);
    if (!loop) return;
    offsetMs += lastMs + ROUND_GAP_MS;
  }
}

/** Gives each tag when its time has come, counted from the first one. */
export async function* inRealTime(
  tags: AsyncIterable<MediaTag>,
  stop: AbortSignal,
  now: () => number = () => performance.now(),
): AsyncGenerator<MediaTag, void> {
  let startMs: number | undefined;
  let firstMs = 0;
  for await (const tag of tags) {
    if (startMs === undefined) {
      startMs = now();
      firstMs = tag.timestampMs;
    }
    const aheadMs = tag.timestampMs - firstMs - (now() - startMs);
    if (aheadMs > 1) await delay(aheadMs, undefined, { signal: stop });
    yield tag;
  }
}
