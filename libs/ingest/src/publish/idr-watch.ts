// Warns of video that has recovery points and no IDR pictures beside them: some players never begin with those.
import { FrameFlag } from '@millrace/domain';
import type { MediaObserver } from './media-observer.ts';

/** A stream that has recovery points for as long as this, and no IDR picture, has none. 10 s. */
const LONGEST_WITHOUT_IDR_90K = 900_000;

export class IdrWatch {
  readonly #observer: Pick<MediaObserver, 'warn'>;
  /** Decode time of the first recovery point since the newest IDR picture. */
  #since90k: number | undefined;

  constructor(observer: Pick<MediaObserver, 'warn'>) {
    this.#observer = observer;
  }

  /** @param randomAccess the flag of a frame that decoders may start at: `keyframe` or `recoveryPoint` */
  startPoint(randomAccess: number, dts90k: number): void {
    if (randomAccess === FrameFlag.keyframe) this.#since90k = undefined;
    else {
      this.#since90k ??= dts90k;
      if (dts90k - this.#since90k >= LONGEST_WITHOUT_IDR_90K) this.#observer.warn('no_idr', 'video');
    }
  }
}
