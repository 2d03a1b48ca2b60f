export { parseBasicCredentials } from './authorization.ts';
export type { BasicCredentials } from './authorization.ts';
export { parseChallenges, RtspAuthorization } from './challenge.ts';
export type { RtspChallenge, RtspCredentials } from './challenge.ts';
export { RtspClientSession } from './client-session.ts';
export type { RtspClientEvent, RtspClientFault, RtspClientOptions } from './client-session.ts';
export { DIGEST_ALGORITHMS, digestResponse, parseDigestCredentials } from './digest.ts';
export type { DigestAlgorithm, DigestCredentials } from './digest.ts';
export {
  formatTunnelOpened,
  formatTunnelRefused,
  isTunnelBeginning,
  MAX_COOKIE_LENGTH,
  MIN_COOKIE_LENGTH,
  readTunnelRequest,
  TunnelBodyReader,
} from './http-tunnel.ts';
export type { TunnelMethod, TunnelRequest } from './http-tunnel.ts';
export { eachInterleaved, encodeInterleaved, INTERLEAVED_HEADER_BYTES, writeInterleavedHeader } from './interleaved.ts';
export {
  formatRtspRequest,
  formatRtspResponse,
  parseRtspUrl,
  readCSeq,
  readSessionId,
  RtspStatus,
} from './rtsp-message.ts';
export type { ResponseToFormat, RtspHeaders, RtspRequest, RtspResponse } from './rtsp-message.ts';
export { DEFAULT_RTSP_READER_LIMITS, RtspReader } from './rtsp-reader.ts';
export type { RtspItem, RtspReaderLimits } from './rtsp-reader.ts';
export { parseTransports } from './transport.ts';
export type { RtspTransport } from './transport.ts';
