// One player: whether it may watch, and what it is sent at what pace.
import { FrameBusError } from '@millrace/frame-bus';
import type { ConnectionState, EncoderPeer } from '@millrace/ingest';
import {
  EDGE_DRAINING,
  FRAMES_UNREADABLE,
  SRT_MAX_KEEP_MS,
  SRT_RECEIVE_PACKETS,
  SrtSender,
  STREAM_OFFLINE,
  TOO_MANY_PLAYERS,
} from '@millrace/playout';
import type { EndReason, PlayRefusal, ViewerCutReason, ViewerSink, WatchedViewer } from '@millrace/playout';
import { SrtRejection } from '@millrace/protocol/srt';
import type { SrtConnection, SrtRequest } from '@millrace/protocol/srt';
import type { Logger } from '@millrace/service-kit';
import { StatisticsReader } from '../metrics.ts';
import type { SrtEdgeContext } from '../srt-edge-context.ts';
import { playTarget, reasonOfPlayRefusal } from './play-target.ts';
import type { SrtPlayback } from './srt-playback.ts';

/** How long the last packets of a stream that has ended may be asked for again. */
const CLOSE_MS = 3_000;
const SAMPLE_MS = 5_000;

export class SrtPlayer implements ViewerSink {
  readonly peer: EncoderPeer;
  readonly logger: Logger;
  /** Called once. */
  onGone: (() => void) | undefined;
  readonly #request: SrtRequest;
  readonly #context: SrtEdgeContext;
  readonly #playback: SrtPlayback;
  readonly #statistics: StatisticsReader;
  readonly #gone = new AbortController();
  readonly #sender: SrtSender;
  #playbackId = '';
  #releasePlace: (() => void) | undefined;
  #releaseForm: (() => void) | undefined;
  #viewer: WatchedViewer | undefined;
  #connection: SrtConnection | undefined;
  #sampledAtMs = 0;
  #closing: { readonly reason: string; readonly untilMs: number } | undefined;
  #isOver = false;

  constructor(request: SrtRequest, peer: EncoderPeer, context: SrtEdgeContext, playback: SrtPlayback) {
    this.peer = peer;
    this.logger = context.logger.child({ peer: peer.address, protocol: peer.protocol });
    this.#request = request;
    this.#context = context;
    this.#playback = playback;
    this.#statistics = new StatisticsReader(context.transport);
    this.#sender = new SrtSender({
      bitsPerSecond: context.settings.srtPlayBitsPerSecond,
      onDrained: () => this.#viewer?.drained(),
    });
  }

  get state(): ConnectionState {
    if (this.#isOver) return 'closing';
    return this.#connection === undefined ? 'waiting' : 'playing';
  }

  /** Decides whether it may watch, and begins. Called once. */
  open(): void {
    this.#context.metrics.handshakes.inc({ outcome: 'connected' });
    // Callers give up after a while: the connection would be one without a peer.
    const late = setTimeout(() => this.#gone.abort(), this.#context.settings.srtPlayWaitMs);
    void this.#begin()
      .catch((error: unknown): PlayRefusal => {
        if (!(error instanceof FrameBusError)) this.logger.error({ err: error }, 'could not play a stream');
        return FRAMES_UNREADABLE;
      })
      .then((refusal) => refusal && this.#refuse(refusal))
      .finally(() => clearTimeout(late));
  }

  /** To be called every 10 ms. */
  tick(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#isOver) return;
    const nowMs = performance.now();
    if (nowMs - this.#sampledAtMs >= SAMPLE_MS) {
      this.#sampledAtMs = nowMs;
      this.#statistics.read(connection.statistics);
    }
    this.#sender.tick();
    const closing = this.#closing;
    if (closing !== undefined && (this.#sender.isRead || nowMs >= closing.untilMs)) this.#over(closing.reason);
  }

  write(bytes: Uint8Array): boolean {
    return this.#sender.write(bytes);
  }

  /** SRT has no message that says why. Idempotent: the first reason counts. */
  end(reason: EndReason | 'tracks_changed'): void {
    if (this.#isOver || this.#closing !== undefined) return;
    if (this.#connection === undefined) return this.#refuse(reason === 'draining' ? EDGE_DRAINING : STREAM_OFFLINE);
    if (reason !== 'ended') return this.#over(reason);
    const { sendDelayMs } = this.#connection;
    this.#closing = { reason: 'play_ended', untilMs: performance.now() + sendDelayMs + CLOSE_MS };
  }

  cut(reason: ViewerCutReason): void {
    this.#over(reason);
  }

  /** @returns why it is refused */
  async #begin(): Promise<PlayRefusal | undefined> {
    const { streamId, keyMaterial, version } = this.#request;
    const { admission, forms } = this.#playback;
    if (keyMaterial !== undefined) return NO_PASSPHRASE;
    const target = playTarget(streamId);
    if (target === undefined) return NO_PLAYBACK_ID;
    this.#playbackId = target.playbackId;
    this.#releasePlace = admission.takePlace(this.peer.network);
    if (this.#releasePlace === undefined) return TOO_MANY_PLAYERS;
    const { signal } = this.#gone;
    const admitted = await admission.admit({ ...target, ...this.peer, player: `SRT ${version}` }, signal);
    if (!('granted' in admitted)) return admitted;
    const seen = await admission.describe(admitted, signal);
    if (admission.isDraining) return EDGE_DRAINING;
    if (seen === undefined || this.#isOver) return STREAM_OFFLINE;
    const { form, release } = forms.take(admitted.granted.streamId, seen, () => this.end('tracks_changed'));
    this.#releaseForm = release;
    if (form.isEmpty) return unsupported(form.leftOut);
    const { outcome } = await admission.watch(
      admitted,
      {
        form,
        sink: this,
        sentBytes: () => this.#sender.sentBytes,
        attached: (viewer) => (this.#viewer = viewer),
      },
      signal,
    );
    if (outcome !== 'watching') return outcome === 'limit' ? TOO_MANY_PLAYERS : STREAM_OFFLINE;
    if (this.#isOver) this.#viewer?.leave();
    else this.#accept();
    return undefined;
  }

  #accept(): void {
    this.#connection = this.#request.accept(
      { data: () => undefined, lost: () => undefined, ended: (reason) => this.#over(reason) },
      undefined,
      {
        receivePackets: SRT_RECEIVE_PACKETS,
        sendPackets: this.#context.settings.srtSendPackets,
        maxKeepMs: SRT_MAX_KEEP_MS,
        resendPace: this.#sender.pace,
      },
    );
    this.#sender.begin(this.#connection, this.#viewer?.openAccount());
    this.#sampledAtMs = performance.now();
    this.logger.info({ playback_id: this.#playbackId }, 'play started');
  }

  #refuse(refusal: PlayRefusal): void {
    if (this.#isOver) return;
    this.#leave();
    const { code, detail } = refusal;
    this.logger.info({ refusal: code, detail }, 'play refused');
    this.#playback.admission.refused(this.peer.protocol, code);
    this.#request.reject(refusal === NO_PASSPHRASE ? SrtRejection.badSecret : reasonOfPlayRefusal(refusal));
    this.onGone?.();
  }

  #over(reason: string): void {
    const connection = this.#connection;
    if (this.#isOver || connection === undefined) return;
    this.#leave();
    connection.close();
    this.#statistics.read(connection.statistics);
    const { sent, sentAgain, sendDropped, rttUs } = connection.statistics;
    const transport = { packets: sent, packets_retransmitted: sentAgain, packets_dropped: sendDropped };
    this.logger.info(
      {
        playback_id: this.#playbackId,
        reason,
        bytes: this.#sender.sentBytes,
        ...transport,
        rtt_ms: Math.round(rttUs / 1_000),
      },
      'play ended',
    );
    this.onGone?.();
  }

  #leave(): void {
    this.#isOver = true;
    this.#gone.abort();
    this.#viewer?.leave();
    this.#sender.close();
    this.#releaseForm?.();
    this.#releasePlace?.();
    this.#playback.forget(this);
  }
}

const NO_PASSPHRASE: PlayRefusal = {
  code: 'playback_not_allowed',
  detail: 'Players over SRT have no passphrase: what they are sent is not encrypted.',
};
const NO_PLAYBACK_ID: PlayRefusal = {
  code: 'not_found',
  detail:
    'What the stream id names is not a playback id (pbk_...): it is play:PLAYBACK_ID, and publish:STREAM_KEY to publish.',
};
const unsupported = (leftOut: readonly string[]): PlayRefusal => ({
  code: 'unsupported_codec',
  detail: `This stream is ${leftOut.join(' and ')} only, which MPEG-TS has no form for.`,
});
