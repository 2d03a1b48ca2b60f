import type { ConnectInfo } from './connect-info.ts';

/** A client asks to publish. Decide with `acceptPublish` or `refuse`, now or later. */
export interface PublishRequest {
  readonly kind: 'publish';
  readonly messageStreamId: number;
  readonly connect: ConnectInfo;
  /** As the client sent it, with any query; see `resolvePublishTarget`. */
  readonly streamName: string;
  readonly publishType: 'live' | 'record' | 'append';
}

/** A client asks to play. Decide with `acceptPlay` or `refuse`, now or later. */
export interface PlayRequest {
  readonly kind: 'play';
  readonly messageStreamId: number;
  readonly connect: ConnectInfo;
  readonly streamName: string;
  /** Seconds; -2 (live or recorded) when the client does not say. RTMP 1.0 section 7.2.2.1. */
  readonly start: number;
  /** What the client wants to receive; it may have said so before it asked to play. */
  readonly receives: Receives;
}

/** Which kinds of media a client wants (RTMP 1.0 sections 7.2.2.4 and 7.2.2.5). */
export interface Receives {
  readonly audio: boolean;
  readonly video: boolean;
}

/** What a player asks of the stream that it plays. It has been answered. */
export type PlayerCommand =
  { readonly kind: 'pause'; readonly isPaused: boolean } | { readonly kind: 'receive'; readonly receives: Receives };

/** A client asks for a challenge for its user. Answer with `challengeLogin` or `refuseLogin`, now or later. */
export interface LoginRequest {
  readonly kind: 'login';
  readonly user: string;
}

/** How a client said that it is done with the stream it published or played. The connection goes on. */
export type StopReason = 'delete-stream' | 'close-stream' | 'fc-unpublish' | 'publish-false';

/** Why the session ended. */
export interface SessionClose {
  /** Stable and safe as a metric label: a `ProtocolError`'s code, or the session's own. */
  readonly code: string;
  /** Safe to log: never holds text from the peer. */
  readonly detail: string;
}

/** What a session tells its owner: always synchronously, never after `onClosed`. Media goes to `RtmpServerSession.media`. */
export interface ServerSessionHandler {
  /** Bytes for the peer. The buffer belongs to the receiver. */
  send(bytes: Buffer): void;
  onConnect(info: ConnectInfo): void;
  onLoginRequest(request: LoginRequest): void;
  onPublishRequest(request: PublishRequest): void;
  onPlayRequest(request: PlayRequest): void;
  onPlayerCommand(command: PlayerCommand): void;
  /** The publisher or player is done, or took its request back. */
  onStopped(reason: StopReason): void;
  /** The session is over: close the connection once what was sent is flushed. Comes once. */
  onClosed(reason: SessionClose): void;
}
