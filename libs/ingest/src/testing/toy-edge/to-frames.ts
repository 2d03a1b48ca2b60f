// Messages of one publish into frames. A message has a kind, flags, milliseconds of the encoder's clock, and a payload.
import { Codec, FrameFlag, TICKS_PER_MS } from '@millrace/domain';
import type { LivePublisher } from '../../publish/live-publisher.ts';
import type { MediaObserver } from '../../publish/media-observer.ts';

export const MessageKind = { key: 0, video: 1, audio: 2, data: 3 } as const;
export const MessageFlag = { keyframe: 1, configuration: 2 } as const;

export interface ToyMessage {
  readonly kind: number;
  readonly flags: number;
  readonly timeMs: number;
  /** Presentation time minus decode time. */
  readonly offsetMs: number;
  readonly payload: Buffer;
}

export class ToFrames {
  readonly #publisher: LivePublisher;
  readonly #observer: MediaObserver;

  constructor(publisher: LivePublisher, observer: MediaObserver) {
    this.#publisher = publisher;
    this.#observer = observer;
  }

  message(message: ToyMessage): void {
    if (message.kind === MessageKind.video) this.#video(message);
    else if (message.kind === MessageKind.audio) this.#audio(message);
    else if (message.kind === MessageKind.data) this.#publisher.data(message.timeMs, message.payload);
    else this.#observer.dropped('video', 'malformed_tag');
  }

  #video({ flags, timeMs, offsetMs, payload }: ToyMessage): void {
    const { counts, timeline, sequencer } = this.#publisher;
    counts.videoBytes += payload.length;
    if ((flags & MessageFlag.configuration) !== 0) {
      sequencer.videoConfiguration = { codec: Codec.h264, payload };
      return;
    }
    const isKeyframe = (flags & MessageFlag.keyframe) !== 0;
    if (sequencer.needsRandomAccess && !isKeyframe) return this.#observer.dropped('video', 'before_keyframe');
    const dts90k = timeline.place('video', timeMs, 0);
    counts.videoFrames++;
    if (isKeyframe) counts.startPoint(dts90k, true);
    const offset90k = offsetMs * TICKS_PER_MS - timeline.delayed90k;
    sequencer.video(Codec.h264, isKeyframe ? FrameFlag.keyframe : 0, dts90k, offset90k, payload);
  }

  #audio({ flags, timeMs, payload }: ToyMessage): void {
    const { counts, timeline, sequencer } = this.#publisher;
    counts.audioBytes += payload.length;
    if ((flags & MessageFlag.configuration) !== 0) {
      sequencer.audioConfiguration = { codec: Codec.aac, payload };
      return;
    }
    const isTaken = sequencer.audio(Codec.aac, 0, timeline.place('audio', timeMs, 0), payload);
    if (isTaken) counts.audioFrames++;
    else this.#observer.dropped('audio', 'before_keyframe');
  }
}
