// One simulcast target of a stream that is published here: connected to, sent the stream, and connected to again.
import type { SimulcastTarget, TargetFault, TargetReport, TargetState } from '@millrace/control';
import { FrameBusError } from '@millrace/frame-bus';
import { LiveStoreError } from '@millrace/live-store';
import { AddressRefused, connectionFault, retryWaitMs } from '@millrace/service-kit';
import type { Logger, OutboundAddresses } from '@millrace/service-kit';
import type { LiveStreams, WatchedViewer } from '../live/live-streams.ts';
import type { ViewerSink } from '../live/live-viewer.ts';
import type { SeenTracks } from '../live/wire-form.ts';
import { PushFault, reportedText } from './push-fault.ts';
import type { PushFaultCode } from './push-fault.ts';
import type { OpenedPush, PushRequest } from './push-opener.ts';
import type { SimulcastSettings } from './simulcast-settings.ts';
import type { StreamPush } from './stream-push.ts';
import { ENCRYPTED_TARGETS, placeOf } from './target-address.ts';
import type { TargetPlace } from './target-address.ts';

/** A target that has accepted the stream for this long begins with the shortest pause again. */
const STEADY_MS = 10_000;
/** Pause before a stream that has no keyframe yet is looked at again. */
const NO_MEDIA_MS = 1_000;
/** How long the last frames of a publisher may take to come here. */
const LAST_FRAMES_MS = 2_000;

/** The stream that is pushed. */
export interface PushedStreamPlace {
  readonly streamId: string;
  readonly tenantId: string;
  /** Players of it are refused where they are not encrypted, and so are targets. */
  readonly isEncrypted: boolean;
}

export interface TargetPushOptions {
  readonly target: SimulcastTarget;
  readonly stream: PushedStreamPlace;
  readonly streams: LiveStreams;
  readonly outbound: OutboundAddresses;
  readonly settings: SimulcastSettings;
  readonly logger: Logger;
  /** @throws PushFault */
  readonly openPush: (request: PushRequest) => OpenedPush;
  /** Whether the publisher of this epoch is at this edge, or was. */
  readonly isFromHere: (epoch: number) => boolean;
  /** Called when it is not: another edge sends. */
  readonly onFollowed: () => void;
  /** A place among the targets of the edge. @returns what releases it; undefined when there is none left */
  readonly takePlace: () => (() => void) | undefined;
  /** Called when its report says something else than bytes. */
  readonly onChange: () => void;
  readonly onFault: (code: PushFaultCode) => void;
  readonly onSkipped: () => void;
}

export class TargetPush implements ViewerSink {
  readonly target: SimulcastTarget;
  readonly #options: TargetPushOptions;
  #isGone = false;
  /** Aborted when the current attempt is not wanted any more. */
  #attempting = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #state: TargetState = 'connecting';
  #connectedAtMs: number | undefined;
  #fault: TargetFault | undefined;
  #failures = 0;
  #pastBytes = 0;
  #push: StreamPush | undefined;
  #releasePush: (() => void) | undefined;
  #viewer: WatchedViewer | undefined;
  #steady: NodeJS.Timeout | undefined;
  #wakePause: () => void = () => undefined;
  /** The publisher has stopped sending, and may come back, or has sent its last frame. */
  #isInterrupted = false;
  #isEnding = false;

  constructor(options: TargetPushOptions) {
    this.target = options.target;
    this.#options = options;
    void this.#run();
  }

  get state(): TargetState {
    return this.#state;
  }

  get bytes(): number {
    return this.#pastBytes + (this.#push?.sentBytes ?? 0);
  }

  get report(): TargetReport {
    return {
      targetId: this.target.targetId,
      state: this.#state,
      bytes: this.bytes,
      connectedAtMs: this.#connectedAtMs,
      fault: this.#fault,
    };
  }

  /** Ends it now, telling the server that the stream is done. Idempotent. */
  stop(): Promise<void> {
    this.#leave();
    this.#viewer?.leave();
    this.#push?.end();
    return this.#ended.promise;
  }

  /** The publisher is gone: sends what is still on its way, then ends. */
  finish(): Promise<void> {
    if (this.#viewer === undefined || this.#isInterrupted) return this.#last();
    this.#isEnding = true;
    const timer = setTimeout(() => void this.#last(), LAST_FRAMES_MS);
    return this.#ended.promise.finally(() => clearTimeout(timer));
  }

  write(bytes: Uint8Array): boolean {
    if (this.#connectedAtMs === undefined) this.#begun();
    return this.#push?.write(bytes) ?? true;
  }

  interrupted(): void {
    this.#isInterrupted = true;
    if (this.#isEnding) void this.#last();
  }

  resumed(): void {
    this.#isInterrupted = false;
  }

  /** A publisher at another edge has followed: what was sent before was the last. */
  epochBegins(epoch: number): void {
    if (this.#options.isFromHere(epoch)) return;
    if (this.#isEnding) void this.#last();
    else this.#options.onFollowed();
  }

  end(): void {
    this.#push?.end();
  }

  cut(reason: 'too_slow' | 'unread'): void {
    const words =
      reason === 'unread'
        ? 'the server has read nothing for too long'
        : 'the server was too slow again and again: the connection to it cannot carry the stream';
    this.#push?.fail(new PushFault(reason, words));
  }

  /** Ends the viewer in good order, so that its queue is still sent. */
  #last(): Promise<void> {
    this.#leave();
    this.#viewer?.end('ended');
    this.#push?.end();
    return this.#ended.promise;
  }

  #leave(): void {
    this.#isGone = true;
    this.#attempting.abort();
    this.#wakePause();
  }

  async #run(): Promise<void> {
    while (!this.#isGone) {
      this.#attempting = new AbortController();
      this.#become('connecting');
      const outcome = await this.#attempt().catch((error: unknown) => this.#faultOf(error));
      if (this.#isGone) break;
      if (outcome === 'no_media') await this.#pause(NO_MEDIA_MS);
      else await this.#failed(outcome);
    }
    this.#ended.resolve();
  }

  async #failed(fault: PushFault): Promise<void> {
    const { simulcastRetryMinMs, simulcastRetryMaxMs } = this.#options.settings;
    const { code, message } = fault;
    const nowMs = Date.now();
    const sinceMs = this.#failures === 0 ? nowMs : (this.#fault?.sinceMs ?? nowMs);
    this.#fault = { code, message: reportedText(message), atMs: nowMs, sinceMs };
    if (this.#failures === 0) this.#options.logger.info({ fault: code }, 'a simulcast target failed');
    this.#options.onFault(code);
    const failures = fault.isLasting ? Infinity : this.#failures;
    this.#failures++;
    this.#become(fault.isLasting ? 'error' : 'waiting');
    await this.#pause(retryWaitMs(failures, { minMs: simulcastRetryMinMs, maxMs: simulcastRetryMaxMs }));
  }

  /** One connection, from its beginning to its end. @returns why it is over. @throws what `#faultOf` takes */
  async #attempt(): Promise<PushFault | 'no_media'> {
    const { takePlace } = this.#options;
    const place = this.#checkedPlace();
    const release = takePlace();
    if (release === undefined)
      throw new PushFault('limit_exceeded', 'too many simulcast targets at this edge, or of this tenant');
    try {
      return await this.#serve(place);
    } finally {
      clearTimeout(this.#steady);
      this.#viewer?.leave();
      this.#viewer = undefined;
      this.#push?.fail(undefined);
      this.#pastBytes += this.#push?.sentBytes ?? 0;
      this.#push = undefined;
      this.#releasePush?.();
      this.#releasePush = undefined;
      this.#connectedAtMs = undefined;
      release();
    }
  }

  #checkedPlace(): TargetPlace {
    const place = placeOf(this.target);
    if (typeof place === 'string') throw new PushFault('address_not_allowed', `the address ${place}`);
    if (this.#options.stream.isEncrypted && !place.isEncrypted)
      throw new PushFault('stream_encrypted', `this stream is encrypted: it is sent to ${ENCRYPTED_TARGETS} only`);
    return place;
  }

  async #serve(place: TargetPlace): Promise<PushFault | 'no_media'> {
    const { streams, stream } = this.#options;
    const tracks = await streams.describe(stream.streamId, stream.tenantId, this.#attempting.signal);
    if (tracks === undefined) return 'no_media';
    const push = await this.#connect(place, tracks);
    if (push === undefined) return 'no_media';
    this.#checkCodecs(push, tracks);
    const { outcome } = await this.#watch(push);
    if (outcome === 'limit')
      throw new PushFault('limit_exceeded', 'too many simulcast targets at this edge, or of this tenant');
    // A server may have closed before it was sent anything.
    if (outcome === 'offline' && !this.#isGone) return push.fault ?? 'no_media';
    return (await push.closed) ?? 'no_media';
  }

  /** @returns undefined when it is not wanted any more. @throws PushFault or AddressRefused */
  async #connect(place: TargetPlace, tracks: SeenTracks): Promise<StreamPush | undefined> {
    const { outbound, openPush, stream } = this.#options;
    const deadline = Promise.withResolvers<never>();
    // Nothing may wait for it any more when it passes.
    deadline.promise.catch(() => undefined);
    const { simulcastConnectMs: ms } = this.#options.settings;
    const timer = setTimeout(
      () => deadline.reject(new PushFault('timeout', `the server has not accepted the stream within ${ms} ms`)),
      ms,
    );
    try {
      const addresses = await Promise.race([outbound.resolve(place.host), deadline.promise]);
      if (this.#isGone) return undefined;
      const { push, release } = openPush({
        place,
        streamId: stream.streamId,
        tracks,
        addresses,
        onDrained: () => this.#viewer?.drained(),
        // It is told of the new ones by another connection.
        onOutdated: () => this.#push?.end(),
      });
      this.#push = push;
      this.#releasePush = release;
      await Promise.race([push.ready, deadline.promise]);
      return push;
    } catch (error) {
      if (error instanceof Error && !(error instanceof PushFault) && 'code' in error)
        throw new PushFault('unreachable', connectionFault(error), { cause: error });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #checkCodecs(push: StreamPush, { videoConfiguration, audioConfiguration }: SeenTracks): void {
    for (const configuration of [videoConfiguration, audioConfiguration]) {
      const refusal = configuration && push.refusalOf(configuration.codec);
      if (refusal !== undefined) throw refusal;
    }
  }

  #watch(push: StreamPush) {
    const { streams, stream, onSkipped } = this.#options;
    const { streamId, tenantId } = stream;
    return streams.watch(
      {
        streamId,
        tenantId,
        network: this.target.targetId,
        form: push.form,
        // What the encoder has changed to may be what this server does not take.
        accepts: (codec) => {
          const refusal = push.refusalOf(codec);
          if (refusal !== undefined) push.fail(refusal);
          return refusal === undefined;
        },
        sink: this,
        observer: { sent: () => undefined, skipped: onSkipped, cut: () => undefined },
        attached: (viewer) => {
          this.#viewer = viewer;
          this.#isInterrupted = false;
          push.attached?.(viewer);
          void push.closed.then(() => viewer.leave());
        },
        left: () => undefined,
      },
      this.#attempting.signal,
    );
  }

  #begun(): void {
    this.#connectedAtMs = Date.now();
    this.#steady = setTimeout(() => (this.#failures = 0), STEADY_MS);
    if (this.#failures > 0) this.#options.logger.info('a simulcast target accepts the stream again');
    this.#become('connected');
  }

  #become(state: TargetState): void {
    this.#state = state;
    this.#options.onChange();
  }

  #faultOf(error: unknown): PushFault {
    if (error instanceof PushFault) return error;
    if (error instanceof AddressRefused) return new PushFault('address_not_allowed', error.message);
    if (error instanceof FrameBusError || error instanceof LiveStoreError)
      return new PushFault('unavailable', 'the frames of this stream cannot be read now', { cause: error });
    this.#options.logger.error({ err: error }, 'could not serve a simulcast target');
    return new PushFault('unavailable', 'this server could not send the stream', { cause: error });
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isGone) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakePause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
