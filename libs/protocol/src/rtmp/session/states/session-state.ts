import type { Command } from '../../message/command.ts';
import type { ConnectInfo } from '../connect-info.ts';
import type { MessageSender } from '../message-sender.ts';
import type { MessageStreams } from '../message-streams.ts';
import type { Receives, ServerSessionHandler } from '../server-session-handler.ts';
import type { ServerSessionOptions } from '../server-session-options.ts';

/**
 * The states of a server session. After the handshake:
 *
 * awaiting-connect ─connect→ connected ─publish, play→ deciding ─accept→ publishing | playing
 * awaiting-connect ─connect with a user→ logging-in ─challenge→ closed
 * deciding, publishing, playing ─deleteStream, closeStream, FCUnpublish→ connected
 * any ─refusal, broken format, a command out of place→ closed
 */
export interface SessionState {
  readonly name: 'awaiting-connect' | 'logging-in' | 'connected' | 'deciding' | 'publishing' | 'playing';
  /** The message stream whose media is taken; -1 for none. */
  readonly mediaStreamId: number;
  /** Whether the client has begun to do what it came for. */
  readonly active: boolean;
  command(session: SessionContext, command: Command, messageStreamId: number): void;
  /** Called when the session leaves this state or ends. */
  leave?(): void;
}

/** What a state may do to its session. */
export interface SessionContext {
  readonly options: ServerSessionOptions;
  readonly handler: ServerSessionHandler;
  readonly sender: MessageSender;
  readonly streams: MessageStreams;
  /** Whether the client publishes or plays. */
  readonly active: boolean;
  /** Whether the client wants to hear `onFCPublish`. */
  fcPublish: boolean;
  /** What the client wants to receive of what it plays. */
  receives: Receives;
  transition(state: SessionState): void;
  /** Back to where a client may ask to publish or to play. */
  idle(): void;
  /** Keeps what the client said in connect, and tells the owner. */
  connected(info: ConnectInfo): void;
  /** What the client said in connect. */
  connectInfo(): ConnectInfo;
  /** Ends the session; what was sent before still reaches the client. */
  close(code: string, detail: string): void;
}
