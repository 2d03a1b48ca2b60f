// RTMP 1.0 section 5.2.2: C0 and S0.
import { ProtocolError } from '../../bytes/index.ts';

/** The version this specification defines, and the only one spoken here. */
export const RTMP_VERSION = 3;

/** "Values … 32-255 are not allowed (to allow distinguishing RTMP from text-based protocols)". */
const FIRST_FORBIDDEN = 32;

/**
 * Checks a client's version: 3 is spoken; "a server that does not recognize the client's requested version SHOULD respond
 * with 3", and the client may go on with that or leave.
 * @throws ProtocolError for what cannot be RTMP: HTTP, TLS, RTSP, a PROXY header sent to a port without it.
 */
export function checkClientVersion(version: number): void {
  if (version >= FIRST_FORBIDDEN) {
    throw new ProtocolError('rtmp.handshake.not-rtmp', 'rtmp/handshake/c0', `version byte ${version}`);
  }
}

/** @throws ProtocolError when the server answers with anything but 3. */
export function checkServerVersion(version: number): void {
  if (version !== RTMP_VERSION) {
    throw new ProtocolError('rtmp.handshake.version', 'rtmp/handshake/s0', `version ${version}, not ${RTMP_VERSION}`);
  }
}
