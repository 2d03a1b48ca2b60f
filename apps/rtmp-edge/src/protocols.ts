/** What this edge speaks with encoders and players: values of the label `protocol` of its metrics, and of a session's `protocol`. */
export const PROTOCOLS = ['rtmp', 'rtmps'] as const;

/** FLV over HTTP, as this edge pulls it. */
export const HTTP_FLV = 'http-flv';

/** By what streams come to this edge, pushed or pulled. */
export const INGEST_PROTOCOLS = [...PROTOCOLS, HTTP_FLV] as const;
