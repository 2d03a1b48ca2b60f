// One player: whether it may watch, and what it is sent at what pace.
import { FrameBusError } from '@millrace/frame-bus';
import type { ConnectionState, EncoderPeer } from '@millrace/ingest';
import { EDGE_DRAINING, FRAMES_UNREADABLE, STREAM_OFFLINE, TOO_MANY_PLAYERS } from '@millrace/playout';
import type {
  ByteAccount,
  EndReason,
  PlayRefusal,
  ViewerCutReason,
  ViewerSink,
  WatchedViewer,
} from '@millrace/playout';
import { SRT_HEADER_BYTES, SrtRejection } from '@millrace/protocol/srt';
import type { SrtConnection, SrtPace, SrtRequest } from '@millrace/protocol/srt';
import type { Logger } from '@millrace/service-kit';
import { StatisticsReader } from '../metrics.ts';
import type { SrtEdgeContext } from '../srt-edge-context.ts';
import { playTarget, reasonOfPlayRefusal } from './play-target.ts';
import type { SrtPlayback } from './srt-playback.ts';

const TS_PACKET_BYTES = 188;
/** Seven packets of MPEG-TS, which every receiver has room for. */
const MESSAGE_BYTES = 7 * TS_PACKET_BYTES;
const BITS_PER_BYTE = 8;
/** What may be sent at once, at the pace of the connection: receivers keep little until they read it. */
const BURST_MS = 20;
const LEAST_BURST_BYTES = 16 * MESSAGE_BYTES;
/** How long packets are kept for a player, whatever latency it asks for. */
const MAX_KEEP_MS = 2_000;
/** A player sends acknowledgements only. */
const RECEIVE_PACKETS = 64;
/** How long the last packets of a stream that has ended may be asked for again, and how long a player may take to read what is due. */
const CLOSE_MS = 3_000;
const READ_MS = 100;
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
  readonly #pace: PlayerPace;
  readonly #messageBytes: number;
  #playbackId = '';
  #releasePlace: (() => void) | undefined;
  #releaseForm: (() => void) | undefined;
  #viewer: WatchedViewer | undefined;
  #connection: SrtConnection | undefined;
  /** For what is sent and not acknowledged. */
  #account: ByteAccount | undefined;
  /** What was written and not sent, the first of it up to `#sentOfFirst`. */
  #pending: Uint8Array[] = [];
  #sentOfFirst = 0;
  #sentBytes = 0;
  #sampledAtMs = 0;
  #isBlocked = false;
  #closing: { readonly reason: string; readonly untilMs: number } | undefined;
  /** When the last message was sent. */
  #sentAtMs = 0;
  #isOver = false;

  constructor(request: SrtRequest, peer: EncoderPeer, context: SrtEdgeContext, playback: SrtPlayback) {
    this.peer = peer;
    this.logger = context.logger.child({ peer: peer.address, protocol: peer.protocol });
    this.#request = request;
    this.#context = context;
    this.#playback = playback;
    this.#statistics = new StatisticsReader(context.transport);
    this.#pace = new PlayerPace(context.settings.srtPlayBitsPerSecond);
    const fitting = request.maxPayloadBytes - (request.maxPayloadBytes % TS_PACKET_BYTES);
    this.#messageBytes = Math.min(MESSAGE_BYTES, fitting);
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
    const isEmpty = this.#send();
    const closing = this.#closing;
    if (closing !== undefined) {
      // Players lose what they hold when the connection ends.
      const isRead = nowMs - this.#sentAtMs >= connection.sendDelayMs + READ_MS;
      if ((isEmpty && isRead && connection.isDrained) || nowMs >= closing.untilMs) this.#over(closing.reason);
      return;
    }
    if (!isEmpty || !this.#isBlocked) return;
    this.#isBlocked = false;
    this.#viewer?.drained();
  }

  write(bytes: Uint8Array): boolean {
    this.#pending.push(bytes);
    const isEmpty = this.#send();
    this.#isBlocked = !isEmpty;
    return isEmpty;
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
        sentBytes: () => this.#sentBytes,
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
        receivePackets: RECEIVE_PACKETS,
        sendPackets: this.#context.settings.srtSendPackets,
        maxKeepMs: MAX_KEEP_MS,
        resendPace: this.#pace,
      },
    );
    this.#account = this.#viewer?.openAccount();
    this.#sampledAtMs = performance.now();
    this.logger.info({ playback_id: this.#playbackId }, 'play started');
  }

  /** Sends what the pace, the peer and the shares of memory allow. @returns whether nothing is left */
  #send(): boolean {
    const connection = this.#connection;
    const account = this.#account;
    if (connection === undefined || account === undefined) return this.#pending.length === 0;
    account.release(account.held - connection.unacknowledgedBytes);
    if (connection.isUnread) return this.#pending.length === 0;
    const nowMs = performance.now();
    let [first] = this.#pending;
    while (first !== undefined) {
      if (this.#pace.isSpent || !connection.isWritable) return false;
      const message = first.subarray(this.#sentOfFirst, this.#sentOfFirst + this.#messageBytes);
      if (!account.take(message.byteLength + SRT_HEADER_BYTES)) return false;
      connection.write(message);
      this.#sentAtMs = nowMs;
      this.#sentOfFirst += message.byteLength;
      this.#sentBytes += message.byteLength;
      this.#pace.spend(message.byteLength);
      if (this.#sentOfFirst < first.byteLength) continue;
      this.#pending.shift();
      this.#sentOfFirst = 0;
      [first] = this.#pending;
    }
    return true;
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
        bytes: this.#sentBytes,
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
    this.#pending = [];
    this.#viewer?.leave();
    this.#account?.close();
    this.#releaseForm?.();
    this.#releasePlace?.();
    this.#playback.forget(this);
  }
}

/** How fast a player is sent media, what is sent again included. */
class PlayerPace implements SrtPace {
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  /** How much may be sent now. */
  #allowance: number;
  #earnedAtMs = performance.now();

  constructor(bitsPerSecond: number) {
    this.#bytesPerMs = bitsPerSecond / BITS_PER_BYTE / 1_000;
    this.#burstBytes = Math.max(LEAST_BURST_BYTES, this.#bytesPerMs * BURST_MS);
    this.#allowance = this.#burstBytes;
  }

  get isSpent(): boolean {
    const nowMs = performance.now();
    this.#allowance = Math.min(this.#burstBytes, this.#allowance + (nowMs - this.#earnedAtMs) * this.#bytesPerMs);
    this.#earnedAtMs = nowMs;
    return this.#allowance <= 0;
  }

  spend(bytes: number): void {
    this.#allowance -= bytes;
  }
}

const NO_PASSPHRASE: PlayRefusal = {
  code: 'playback_not_allowed',
  detail: 'Players over SRT have no passphrase: what they are sent is not encrypted.',
};
const NO_PLAYBACK_ID: PlayRefusal = {
  code: 'not_found',
  detail: 'The stream id has no playback id: it is play:PLAYBACK_ID, and publish:STREAM_KEY to publish.',
};
const unsupported = (leftOut: readonly string[]): PlayRefusal => ({
  code: 'unsupported_codec',
  detail: `This stream is ${leftOut.join(' and ')} only, which MPEG-TS has no form for.`,
});
