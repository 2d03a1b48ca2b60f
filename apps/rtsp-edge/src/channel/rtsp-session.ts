// What a connection and its session know of each other.
import type { EncoderPeer } from '@millrace/ingest';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import type { Logger } from '@millrace/service-kit';
import type { RtspReply } from './rtsp-reply.ts';

/** What a connection is for, once its client has said so. It answers the requests of its session. */
export interface RtspSession {
  /** Whether media flows, in one direction or the other. */
  readonly isActive: boolean;
  handle(request: RtspRequest): RtspReply;
  /** A packet on one of the channels; a view of what was read. */
  onFrame(channel: number, packet: Buffer): void;
  /** Whether more may be read now. */
  readonly accepting: boolean;
  /** The connection is over. Called once. @param isAnnounced whether the client said that it is done */
  close(reason: string, isAnnounced: boolean): void;
}

/** The connection as its session sees it. */
export interface RtspChannel {
  readonly peer: EncoderPeer;
  readonly logger: Logger;
  readonly bytesReceived: number;
  send(bytes: Buffer): void;
  /** Reads again, after `accepting` was false. */
  resume(): void;
  /** Ends the connection. */
  end(reason: string): void;
}
