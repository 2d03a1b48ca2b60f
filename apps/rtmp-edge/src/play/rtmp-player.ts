// A player: what playout writes and says, in the words of RTMP.
import type { EncoderPeer } from '@millrace/ingest';
import { fourCcNameOf, takesCodec } from '@millrace/playout';
import type { EndReason, ViewerCutReason, ViewerSink, WatchedViewer } from '@millrace/playout';
import { StatusCode } from '@millrace/protocol/rtmp';
import type { ConnectInfo, PlayerCommand, PlayRequest, Receives, StatusLevel } from '@millrace/protocol/rtmp';
import type { Logger } from '@millrace/service-kit';

/** What a player does with its connection. */
export interface PlayerConnection {
  readonly peer: EncoderPeer;
  readonly logger: Logger;
  /** Bytes that wait for the player to read them. */
  readonly unsentBytes: number;
  /** Lets the session play. @returns false when it does not want to any more */
  accept(): boolean;
  /** @returns whether the connection takes more now */
  write(bytes: Uint8Array): boolean;
  status(level: StatusLevel, code: string, description: string): void;
  streamEvent(event: 'streamDry' | 'streamBegin'): void;
  /** Answers a request that has not been granted, and closes. */
  refuse(reason: string, code: string, description: string): void;
  /** Ends the media in good order, and closes. */
  finish(reason: string, isUnpublished: boolean, description: string): void;
  /** Ends the session with an error status, and closes. */
  dismiss(reason: string, code: string, description: string): void;
  /** Closes at once. */
  destroy(reason: string): void;
  /** Asks to connect elsewhere. @returns false for a client that does not know how */
  askToReconnect(): boolean;
}

export class RtmpPlayer implements ViewerSink {
  readonly request: PlayRequest;
  readonly connection: PlayerConnection;
  /** Aborted when the player goes away. */
  readonly gone = new AbortController();
  /** Called when a codec is left out before anything was sent. */
  onLeftOut: (() => void) | undefined;
  /** Bytes of media that the connection was given. */
  #given = 0;
  #viewer: WatchedViewer | undefined;
  #wanted: Receives;
  #isPaused = false;
  #hasBegun = false;
  readonly #leftOut = new Set<number>();
  readonly #pauseMs: number;
  #pausing: NodeJS.Timeout | undefined;

  /** @param pauseMs how long it may pause */
  constructor(request: PlayRequest, connection: PlayerConnection, pauseMs: number) {
    this.request = request;
    this.connection = connection;
    this.#wanted = request.receives;
    this.#pauseMs = pauseMs;
  }

  get connect(): ConnectInfo {
    return this.request.connect;
  }

  get wanted(): Receives {
    return this.#wanted;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Codecs of the stream that it is not sent, by the names that it would list. */
  get leftOut(): readonly string[] {
    return [...this.#leftOut].map((codec) => fourCcNameOf(codec) ?? 'unknown');
  }

  get sentBytes(): number {
    return Math.max(0, this.#given - this.connection.unsentBytes);
  }

  /** Whether it is sent this codec; says once that it is not. */
  accepts(codec: number): boolean {
    if (takesCodec(this.connect, codec)) return true;
    if (!this.#leftOut.has(codec)) {
      this.#leftOut.add(codec);
      this.connection.logger.info({ codec: fourCcNameOf(codec) }, 'a codec that the player does not list is left out');
      if (this.#hasBegun) this.#warn();
      else this.onLeftOut?.();
    }
    return false;
  }

  attach(viewer: WatchedViewer): void {
    this.#viewer = viewer;
  }

  /** The stream is closed, or the connection gone. Idempotent. */
  leave(): void {
    this.gone.abort();
    clearTimeout(this.#pausing);
    this.#viewer?.leave();
  }

  drained(): void {
    this.#viewer?.drained();
  }

  command(command: PlayerCommand): void {
    if (command.kind === 'pause') return this.#pause(command.isPaused);
    this.#wanted = command.receives;
    this.#viewer?.want(command.receives);
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#hasBegun) {
      if (!this.connection.accept()) return true;
      this.#hasBegun = true;
      if (this.#leftOut.size > 0) this.#warn();
    }
    this.#given += bytes.byteLength;
    return this.connection.write(bytes);
  }

  interrupted(): void {
    if (!this.#isPaused) this.connection.streamEvent('streamDry');
  }

  resumed(): void {
    if (!this.#isPaused) this.connection.streamEvent('streamBegin');
  }

  end(reason: EndReason): void {
    clearTimeout(this.#pausing);
    // One that has not begun is told by what waits for that.
    if (!this.#hasBegun) return;
    if (reason === 'ended') this.connection.finish('play_ended', true, 'The stream has ended.');
    else if (reason === 'draining') this.connection.finish('draining', false, 'This server restarts: connect again.');
    else this.connection.dismiss('taken_down', StatusCode.playFailed, 'This stream may not be watched any more.');
  }

  cut(reason: ViewerCutReason): void {
    clearTimeout(this.#pausing);
    this.connection.destroy(reason);
  }

  #pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    clearTimeout(this.#pausing);
    if (isPaused)
      this.#pausing = setTimeout(() => {
        this.leave();
        this.connection.finish('paused_too_long', false, 'The pause was too long.');
      }, this.#pauseMs);
    this.#viewer?.pause(isPaused);
  }

  #warn(): void {
    const names = this.leftOut.join(', ');
    this.connection.status(
      'warning',
      StatusCode.playWarning,
      `left out: ${names}; this player does not list it in fourCcList (Enhanced RTMP)`,
    );
  }
}
