// draft-sharabayko-srt-01 section 4.3, table 7; and the codes of Haivision's "SRT Access Control Guidelines", which callers show to their users.

/** Why a connection is refused. Those from 1400 on follow HTTP: what the server decided about the stream. */
export const SrtRejection = {
  unknown: 0,
  peer: 2,
  resource: 3,
  rogue: 4,
  backlog: 5,
  internal: 6,
  closing: 7,
  version: 8,
  badSecret: 10,
  unsecure: 11,
  messageApi: 12,
  congestion: 13,
  filter: 14,
  group: 15,
  timeout: 16,
  crypto: 17,
  badRequest: 1400,
  unauthorized: 1401,
  overload: 1402,
  forbidden: 1403,
  notFound: 1404,
  badMode: 1405,
  conflict: 1409,
  unsupportedMedia: 1415,
  locked: 1423,
  internalError: 1500,
  down: 1503,
} as const;
export type SrtRejection = (typeof SrtRejection)[keyof typeof SrtRejection];
