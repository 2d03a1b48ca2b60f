// What a request is answered with.
import { RtspStatus } from '@millrace/protocol/rtsp';

export interface RtspReply {
  readonly status: RtspStatus;
  /** Replaces the usual reason phrase: most clients show nothing else of an error. */
  readonly reason?: string | undefined;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer;
  /** Called once it is written. */
  readonly thenSend?: () => void;
  /** Closes the connection behind it, for this reason. */
  readonly thenClose?: string;
}

export const reply = (status: RtspStatus, reason?: string): RtspReply => ({ status, reason });
