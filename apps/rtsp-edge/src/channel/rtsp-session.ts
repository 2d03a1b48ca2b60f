// What a connection and its session know of each other.
import type { EncoderPeer } from '@millrace/ingest';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import type { Logger } from '@millrace/service-kit';
import type { TransportPeer } from '../udp/chosen-transport.ts';
import type { RtspReply } from './rtsp-reply.ts';

/** What a connection is for, once its client has said so. It answers the requests of its session. */
export interface RtspSession {
  readonly direction: 'record' | 'play';
  /** Whether media flows. */
  readonly isActive: boolean;
  /** Bytes that have come over UDP; undefined when it is set up over TCP. */
  readonly datagramBytes: number | undefined;
  /** Whether its id is told. */
  readonly isIdentified: boolean;
  handle(request: RtspRequest): RtspReply | Promise<RtspReply>;
  /** A packet on one of the channels; a view of what was read. */
  onFrame(channel: number, packet: Buffer): void;
  /** Whether more may be read now. */
  readonly accepting: boolean;
  /** The connection takes more, after `write` was false. */
  drained?(): void;
  /** The connection is over. Called once. @param isAnnounced whether the client said that it is done */
  close(reason: string, isAnnounced: boolean): void;
}

/** The connection as its session sees it. */
export interface RtspChannel {
  readonly peer: EncoderPeer;
  readonly logger: Logger;
  /** Over UDP too. */
  readonly bytesReceived: number;
  readonly transportPeer: TransportPeer;
  /** Bytes that wait for the client to read them. */
  readonly unsentBytes: number;
  /** Sends what is seldom and small. The client is cut when it reads none of it. */
  send(bytes: Buffer): void;
  /** Sends media. @returns whether the connection takes more now; otherwise the session's `drained` is called once it does */
  write(bytes: Uint8Array): boolean;
  /** Reads again, after `accepting` was false. */
  resume(): void;
  /** Ends the connection once what was written is sent. */
  end(reason: string): void;
  /** Ends the connection now. */
  destroy(reason: string): void;
}
