/** What ends a connection that takes too long or sends too much: the reason for metrics, the words for the client. */
export const CONNECTION_LIMITS = {
  handshake_timeout: 'the handshake took too long',
  setup_timeout: 'nothing was published or played in time',
  setup_bytes: 'too much data was sent before anything was published or played',
  early_bytes: 'too much data was sent before the publish request was decided',
  idle_timeout: 'no data was received for too long',
} as const;

export type ConnectionLimitReason = keyof typeof CONNECTION_LIMITS;
