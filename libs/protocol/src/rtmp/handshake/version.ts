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

/** How many bytes of C1 tell what follows here from an RTMP client with an odd version. */
export const TELLING_BYTES = 11;

/** A TLS record begins with type 22 and version 3.x; a PROXY v2 header with a line feed dance. */
const TLS_HANDSHAKE = 22;
const PROXY_V2 = { first: 13, next: Buffer.from('0a0d0a000d0a515549540a', 'hex') } as const;

/**
 * Checks the first bytes behind a version that is not 3: TLS and PROXY v2 begin with bytes below 32.
 * @param c1 begins with at least `TELLING_BYTES` bytes of C1.
 * @throws ProtocolError when this is one of them.
 */
export function checkNotOtherProtocol(version: number, c1: Buffer): void {
  const isTls = version === TLS_HANDSHAKE && c1.readUInt8(0) === 3 && c1.readUInt8(1) <= 4;
  const isProxy = version === PROXY_V2.first && c1.subarray(0, TELLING_BYTES).equals(PROXY_V2.next);
  if (isTls || isProxy) {
    throw new ProtocolError('rtmp.handshake.not-rtmp', 'rtmp/handshake/c1', isTls ? 'a TLS record' : 'a PROXY header');
  }
}

/** What begins with this byte, and is mistaken for RTMP by a wrong port. */
const OTHER_SERVERS: ReadonlyMap<number, string> = new Map([
  [0x15, 'a TLS server answers there'],
  ['H'.charCodeAt(0), 'an HTTP server answers there'],
  ['R'.charCodeAt(0), 'an RTSP server answers there'],
  ['S'.charCodeAt(0), 'an SSH server answers there'],
]);

/** @throws ProtocolError when the server answers with anything but 3. */
export function checkServerVersion(version: number): void {
  if (version === RTMP_VERSION) return;
  const what = OTHER_SERVERS.get(version) ?? 'another server answers there';
  const detail = `${what}: its first byte is ${version}, that of RTMP is ${RTMP_VERSION}`;
  throw new ProtocolError('rtmp.handshake.version', 'rtmp/handshake/s0', detail);
}
