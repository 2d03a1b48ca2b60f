// One frame for the viewers of this process, written once for each form.
import { FRAME_OVERHEAD_BYTES } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import type { WireForm } from './wire-form.ts';

export class LiveFrame {
  /** Counted by the stream in this process. */
  readonly index: number;
  /** Decode time on the timeline of this process. */
  readonly dts90k: number;
  /** Whether a viewer may start here: the configuration before a keyframe, or the keyframe itself. */
  readonly startsGroup: boolean;
  #frame: Frame;
  #isOwned = false;
  #cost = FRAME_OVERHEAD_BYTES;
  readonly #encoded = new Map<WireForm, Uint8Array | undefined>();

  constructor(frame: Frame, index: number, dts90k: number, startsGroup: boolean) {
    this.#frame = frame;
    this.index = index;
    this.dts90k = dts90k;
    this.startsGroup = startsGroup;
  }

  get kind(): number {
    return this.#frame.kind;
  }

  get codec(): number {
    return this.#frame.codec;
  }

  /** Memory that it takes, in bytes. */
  get cost(): number {
    return this.#cost;
  }

  /** Its bytes for viewers of this form; undefined when the form cannot carry it. */
  bytesFor(form: WireForm): Uint8Array | undefined {
    if (this.#encoded.has(form)) return this.#encoded.get(form);
    const encoded = form.encode(this.#frame, this.dts90k);
    this.#encoded.set(form, encoded?.bytes);
    if (encoded === undefined) return undefined;
    this.#cost += encoded.bytes.byteLength;
    // A payload is mostly a view of a block that was read from the socket: keeping it would keep the whole block.
    const { payloadOffset } = encoded;
    if (!this.#isOwned && payloadOffset !== undefined) this.#own(encoded.bytes, payloadOffset);
    return encoded.bytes;
  }

  #own(bytes: Uint8Array, offset: number): void {
    this.#isOwned = true;
    const payload = bytes.subarray(offset, offset + this.#frame.payload.byteLength);
    this.#frame = { ...this.#frame, payload };
  }

  /** Copies a payload that no form has taken over, so that it does not keep the memory of others. */
  disown(): void {
    if (this.#isOwned) return;
    this.#isOwned = true;
    this.#frame = { ...this.#frame, payload: this.#frame.payload.slice() };
    this.#cost += this.#frame.payload.byteLength;
  }
}

/** Frames that follow each other, given to viewers at one time. */
export class LiveBatch {
  readonly frames: readonly LiveFrame[];
  /** One frame of each kind and codec among them: what a viewer takes is asked once for each. */
  readonly samples: readonly LiveFrame[];
  /** Names those: a viewer that has taken all of them before takes them again. */
  readonly contents: string;
  readonly #joined = new Map<WireForm, Uint8Array>();

  constructor(frames: readonly LiveFrame[]) {
    this.frames = frames;
    this.samples = frames.filter(
      ({ kind, codec }, i) => frames.findIndex((other) => other.kind === kind && other.codec === codec) === i,
    );
    this.contents = this.samples.map(({ kind, codec }) => `${kind}/${codec}`).join();
  }

  /** The bytes of all of them for viewers of this form, joined once. */
  bytesFor(form: WireForm): Uint8Array {
    const [only, ...more] = this.frames;
    if (only !== undefined && more.length === 0) return only.bytesFor(form) ?? NOTHING;
    let joined = this.#joined.get(form);
    if (joined === undefined)
      this.#joined.set(form, (joined = Buffer.concat(this.frames.map((frame) => frame.bytesFor(form) ?? NOTHING))));
    return joined;
  }
}

const NOTHING = new Uint8Array(0);
