// What may go wrong with a stream, as its tenant is told: what has happened, and what to do about it.
import { PUBLISH_REFUSALS } from './publish-refusal.ts';
import type { PublishRefusal } from './publish-refusal.ts';
import { SESSION_WARNINGS } from './session-warning.ts';
import type { SessionWarningCode } from './session-warning.ts';

/** Ends of a connection that are a problem, beside refusals: the reason and what has happened. */
export const FAILED_ENDS = {
  lost: 'lost: the connection to the encoder was lost, or the server that it was connected to',
  idle_timeout: 'idle timeout: the encoder was connected and sent nothing',
  no_media: 'no media: the encoder connected, and left before it sent a picture or sound',
} as const;
type FailedEnd = keyof typeof FAILED_ENDS;

/** The encoder was stopped, the session ended on request, or the server asked for a new connection. */
const EXPECTED_ENDS: ReadonlySet<string> = new Set([
  'client_closed',
  'unpublished',
  'ended',
  'taken_over',
  'switched',
  'drained',
  'draining',
]);

const SET_CODECS =
  'In the encoder, choose H.264 for video and AAC for audio, which every player knows, then start it again.';
const TWO_SECONDS = 'OBS: Settings, Output, Keyframe interval 2 s; ffmpeg: -g at twice the frame rate.';
const SLOWER = 'Lower the bitrate of the encoder, and check its network connection and its load.';

const HELP = {
  bad_key: 'Copy the whole key again, mr_st_ included.',
  key_revoked: 'Create a new key and enter it in the encoder.',
  key_expired: 'Enter the newest key in the encoder, or create one.',
  rotate_key: 'Rotate the key, and enter the user name and password of the new one.',
  login_expired: 'Stop and start the encoder if it does not connect again by itself.',
  wrong_passphrase: 'Enter the passphrase of the key again, or rotate the key with a new srt_passphrase.',
  address_not_allowed:
    'Add the address of the encoder to allowed_addresses of a new key, or publish from an allowed one.',
  stream_disabled: 'Enable the live stream, then start the encoder again.',
  tenant_suspended: 'Ask the operator of this server.',
  not_authorized: 'Look into the log of your publish authorizer: it has answered 401 or 403.',
  authorizer_unavailable: 'Check that your publish authorizer can be reached and answers within two seconds.',
  already_publishing: 'Stop the other encoder, or set second_publisher to takeover.',
  backup_waiting: 'Stop the backup encoder that waits; it is shown with the current session.',
  quota: 'Stop another live stream, or ask the operator to raise the quota live_streams.',
  bitrate_exceeded: 'Lower the bitrate of the encoder, or ask the operator to raise the quota ingest_bits_per_second.',
  unsupported_codec: SET_CODECS,
  limit_exceeded: 'Lower the bitrate of the encoder: it is usually far above normal.',
  taken_over: 'Nothing, if that was intended; otherwise rotate the stream key.',
  ended: 'Start the encoder again to begin a new session.',
  draining: 'Start the encoder again if it does not connect by itself.',
  unavailable: 'Start the encoder again; if that does not help, tell the operator.',
  unsupported_video: SET_CODECS,
  unsupported_audio: SET_CODECS,
  tracks_left_out:
    'Send fewer tracks, in codecs that this server supports; the message says which track is left out and why.',
  tracks_unaligned: 'Set the same fixed keyframe interval for all video tracks, without keyframes at scene changes.',
  no_low_latency: 'In the encoder, choose AAC or Opus for the audio, then start it again.',
  not_in_mpeg_ts:
    'Give players master.m3u8 in place of index.m3u8, set latency_mode to low, or choose H.264 and AAC in the encoder.',
  silent_in_browsers:
    'In the encoder, choose AAC for the audio, then start it again; the message says what else helps.',
  unreadable_video: 'Check the output settings of the encoder, then start it again.',
  unreadable_audio: 'Check the output settings of the encoder, then start it again.',
  no_idr: `Turn off intra refresh and open GOPs, and set a keyframe interval. ${TWO_SECONDS}`,
  gop_too_long: `Set the keyframe interval to two seconds. ${TWO_SECONDS}`,
  gop_irregular:
    'Set a fixed keyframe interval of two seconds, and turn off keyframes at scene changes (x264: scenecut=0).',
  video_starved: 'Check the video source of the encoder and its network connection.',
  audio_starved: 'Check the audio source of the encoder, and whether it sends silence while the microphone is muted.',
  bitrate_unstable: SLOWER,
  timestamp_jump: 'Nothing, if a source was replaced or the computer has slept; otherwise start the encoder again.',
  encoder_clock: 'Synchronise the clock of the encoder (NTP). Pictures and sound are not affected.',
  av_desync: 'Check the audio delay and the capture devices of the encoder; start it again if the difference grows.',
  lost: `Check the network connection of the encoder. ${SLOWER}`,
  idle_timeout: 'Check the encoder, its sources and its network connection.',
  no_media:
    'Read what the encoder printed when it stopped: mostly it cannot send one of its codecs by this protocol. Choose H.264 and AAC.',
} as const satisfies Record<PublishRefusal | SessionWarningCode | FailedEnd, string>;

/** The encoder was stopped, as far as its connection tells. */
const LEFT: ReadonlySet<string> = new Set(['client_closed', 'unpublished']);

/** What an end of a connection is as a problem. @param frames pictures and sound that came by it */
export const problemOfEnd = (reason: string, frames: number): string =>
  frames === 0 && LEFT.has(reason) ? 'no_media' : reason;

const OTHER_HELP = 'Start the encoder again; if it happens again, tell the operator the code and the time.';

/** What to do about a problem; codes of newer releases have a general answer. */
export const helpForProblem = (code: string): string => (HELP as Readonly<Record<string, string>>)[code] ?? OTHER_HELP;

/**
 * What has ended a connection, when that is a problem of the stream.
 *
 * @param reason why the connection of the encoder has ended: a refusal, a limit of the server, or what the protocol found wrong
 */
export function describeFailedEnd(reason: string): string | undefined {
  if (EXPECTED_ENDS.has(reason)) return undefined;
  const known: Readonly<Record<string, string>> = { ...PUBLISH_REFUSALS, ...SESSION_WARNINGS, ...FAILED_ENDS };
  return known[reason] ?? `connection ended: the server has closed the connection of the encoder (${reason})`;
}
