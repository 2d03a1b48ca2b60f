// Why a publisher is refused. One list for the control plane, the RTMP answer, the metrics and the docs.

/** The code of a refusal and the sentence that the encoder shows to its user. */
export const PUBLISH_REFUSALS = {
  bad_key: 'bad key: this stream key does not exist; copy it again',
  key_revoked: 'key revoked: this stream key was revoked; create a new one',
  key_expired: 'key expired: this stream key was rotated and its grace period is over; use the new one',
  rotate_key:
    'rotate this key: it was created before keys could be used with a user name and password; rotate it to get one that can',
  login_expired: 'login expired: the challenge was answered too late, or the handshake was used before; connect again',
  wrong_passphrase:
    'wrong passphrase: the encoder has no passphrase, or another one than this stream key; enter it again, or rotate the key with a new one',
  address_not_allowed: 'address not allowed: this stream key may not be used from this address',
  stream_disabled: 'stream disabled: this live stream is disabled',
  tenant_suspended: 'tenant suspended: contact the operator of this server',
  not_authorized: 'not authorized: the platform that this stream belongs to does not let it publish now',
  authorizer_unavailable: 'authorizer unavailable: the platform that this stream belongs to did not decide; try again',
  already_publishing: 'already publishing: another encoder is publishing this stream',
  backup_waiting: 'backup waiting: another encoder waits already to take over this stream; a stream takes one backup',
  quota: 'quota: the tenant has reached its limit of live streams (live_streams)',
  bitrate_exceeded:
    'bitrate exceeded: the encoder sends more than the tenant may (ingest_bits_per_second); lower its bitrate',
  unsupported_codec: 'unsupported codec: send H.264 or H.265 video with AAC or Opus audio',
  limit_exceeded: 'limit exceeded: the stream exceeds a limit of this server',
  taken_over: 'taken over: another encoder has taken over this stream',
  ended: 'ended: this session was ended; connect again to start a new one',
  draining: 'draining: this server is shutting down; connect again',
  unavailable: 'unavailable: the server cannot check the key now; try again',
} as const;
export type PublishRefusal = keyof typeof PUBLISH_REFUSALS;
