// Writes the access units of an audio PES packet, each behind its ADTS header where the codec has one.
import { patchAdtsFrameBytes } from '../../aac/index.ts';
import type { AudioFraming } from './audio-framing.ts';
import { framedBytes, isAdts } from './audio-framing.ts';
import type { AudioPes } from './pes-plan.ts';
import type { ElementarySink } from './picture-writer.ts';
import { viewOf } from './picture-writer.ts';

/** Writes exactly `plan.dataBytes` bytes. */
export function writeAudio(plan: AudioPes, framing: AudioFraming, sink: ElementarySink): void {
  const { prefix } = framing;
  for (const { payload } of plan.units) {
    if (isAdts(framing)) {
      patchAdtsFrameBytes(prefix, 0, framedBytes(framing, payload));
      for (let at = 0; at < prefix.length; at++) sink.appendByte(prefix[at]!);
    }
    sink.append(viewOf(payload), framing.start(payload), payload.length);
  }
}
