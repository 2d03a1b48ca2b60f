// What went wrong with a stream, and what to do about it, by the codes of docs/errors.md.

export interface ProblemAdvice {
  readonly headline: string;
  readonly advice: string;
}

const SET_H264 = 'In the encoder, choose H.264 (x264, NVENC, QuickSync) and AAC, then start again.';
const TWO_SECONDS = 'In OBS: Output → Advanced → Keyframe Interval: 2 s.';

export const PROBLEM_ADVICE: Readonly<Record<string, ProblemAdvice>> = {
  bad_key: {
    headline: 'The stream key was wrong',
    advice: 'Copy the whole key again, mr_st_ included.',
  },
  key_revoked: {
    headline: 'The stream key was revoked',
    advice: 'Create a new key and paste it into the encoder.',
  },
  key_expired: {
    headline: 'The stream key has expired',
    advice: 'Use the newest key, or create one.',
  },
  rotate_key: {
    headline: 'This key cannot be used with a user name',
    advice: 'Rotate the key, then use the new one.',
  },
  login_expired: {
    headline: 'The encoder answered too late',
    advice: 'Encoders try again by themselves. If this one does not, stop and start it.',
  },
  wrong_passphrase: {
    headline: 'The passphrase is wrong',
    advice: 'Enter the passphrase of this stream key in the encoder again, or rotate the key with a new one.',
  },
  stream_disabled: {
    headline: 'The stream is disabled',
    advice: 'Enable it, then start the encoder again.',
  },
  tenant_suspended: {
    headline: 'The tenant is suspended',
    advice: 'Ask the operator of this server.',
  },
  address_not_allowed: {
    headline: 'The encoder’s address is not allowed',
    advice: 'The key may only be used from certain addresses: add this one, or use another key.',
  },
  not_authorized: {
    headline: 'Your own server did not let it publish',
    advice: 'The publish authorizer of this tenant refused the encoder: see its log.',
  },
  authorizer_unavailable: {
    headline: 'Your own server did not decide in time',
    advice: 'Check that the publish authorizer of this tenant is reachable and answers within two seconds.',
  },
  already_publishing: {
    headline: 'Another encoder is publishing',
    advice: 'Stop that encoder, or let a second one take over: Edit → A second encoder.',
  },
  backup_waiting: {
    headline: 'A backup encoder waits already',
    advice: 'Stop it first: the page of the session says which one it is.',
  },
  quota: {
    headline: 'The limit of live streams is reached',
    advice: 'Stop another stream, or ask the operator for a higher limit.',
  },
  bitrate_exceeded: {
    headline: 'The bitrate was too high',
    advice: 'Lower the bitrate in the encoder, or ask the operator for a higher limit.',
  },
  unsupported_codec: { headline: 'The encoder sends something that cannot be played', advice: SET_H264 },
  limit_exceeded: {
    headline: 'The stream was beyond a limit of this server',
    advice: 'Usually the bitrate is far above normal: lower it in the encoder.',
  },
  taken_over: {
    headline: 'Another encoder took over',
    advice: 'Nothing, if you meant it. Otherwise rotate the key.',
  },
  ended: {
    headline: 'The session was ended',
    advice: 'Start the encoder again to begin a new one.',
  },
  draining: {
    headline: 'The server was restarting',
    advice: 'OBS comes back by itself; start ffmpeg again.',
  },
  unavailable: {
    headline: 'The server could not check the key',
    advice: 'The encoder may try again. If that lasts, tell the operator.',
  },
  lost: {
    headline: 'The connection to the encoder was lost',
    advice: 'Check the network of the encoder, and lower its bitrate if that happens often.',
  },
  idle_timeout: {
    headline: 'The encoder stopped sending',
    advice: 'Check the network of the encoder, and whether it is overloaded.',
  },
  no_media: {
    headline: 'The encoder connected and left before it sent anything',
    advice: 'Its own output says why. Mostly it cannot send one of its codecs by this protocol: choose H.264 and AAC.',
  },
  unsupported_video: { headline: 'Viewers get no picture: its codec is not supported here', advice: SET_H264 },
  unsupported_audio: {
    headline: 'Viewers get no sound: its codec is not supported',
    advice: 'In the encoder, choose AAC for the audio.',
  },
  tracks_left_out: {
    headline: 'Viewers do not get all of the tracks that the encoder sends',
    advice: 'In OBS: lower “Maximum Video Tracks”, or turn off Multitrack Video.',
  },
  tracks_unaligned: {
    headline: 'Viewers cannot switch between the qualities',
    advice:
      'Set the same fixed keyframe interval for all video tracks of the encoder. Until then, tracks with other keyframes are left out of the ladder.',
  },
  no_low_latency: {
    headline: 'Viewers get no low latency',
    advice: 'Browsers do not play MP3 with low latency: in the encoder, choose AAC or Opus for the audio.',
  },
  not_in_mpeg_ts: {
    headline: 'Players of index.m3u8 miss the picture or the sound',
    advice: 'MPEG-TS cannot carry this codec: give players master.m3u8, or set the latency of the stream to low.',
  },
  silent_in_browsers: {
    headline: 'Viewers in browsers hear nothing',
    advice: 'In the encoder, choose AAC for the audio.',
  },
  unreadable_video: {
    headline: 'Viewers get no picture: the video cannot be read',
    advice: 'Check the output settings of the encoder, then start again.',
  },
  unreadable_audio: {
    headline: 'Viewers get no sound: the audio cannot be read',
    advice: 'Check the output settings of the encoder, then start again.',
  },
  no_idr: {
    headline: 'Viewers who join late wait long for a picture',
    advice: `Turn off intra refresh and set a keyframe interval. ${TWO_SECONDS}`,
  },
  gop_too_long: {
    headline: 'Keyframes are too far apart',
    advice: `Viewers wait longer, and the delay grows. ${TWO_SECONDS}`,
  },
  gop_irregular: {
    headline: 'Keyframes come irregularly',
    advice: `Set a fixed interval and turn off scene detection. ${TWO_SECONDS}`,
  },
  video_starved: {
    headline: 'No video arrives',
    advice: 'Check the video source of the encoder, and its network connection.',
  },
  audio_starved: {
    headline: 'No audio arrives',
    advice: 'Check the audio source of the encoder, and whether it sends silence while the microphone is muted.',
  },
  bitrate_unstable: {
    headline: 'The stream arrives slower than real time',
    advice: 'Lower the bitrate in the encoder, below what the upload can carry, and check its load.',
  },
  timestamp_jump: {
    headline: 'The encoder’s clock jumped',
    advice: 'Restart the encoder if viewers see gaps.',
  },
  encoder_clock: {
    headline: 'The encoder’s clock is wrong',
    advice:
      'Synchronise the clock of the encoder (NTP). Viewers notice nothing: dates in the playlists follow the clock of the server.',
  },
  av_desync: {
    headline: 'Audio and video are apart',
    advice: 'Check the audio delay in the encoder; restart it if that grows.',
  },
};

/** Not problems: the encoder was stopped, or a person ended the session. */
const EXPECTED_ENDS = new Set(['client_closed', 'unpublished', 'ended', 'taken_over', 'switched']);

/** The encoder was stopped; where nothing has come of it, that is a problem. */
const LEFT = new Set(['client_closed', 'unpublished']);

/** What an end of a connection is as a problem. @param frames pictures and sound that came by it; null: not known */
export const problemOfEnd = (reason: string, frames: number | null): string =>
  frames === 0 && LEFT.has(reason) ? 'no_media' : reason;

export const isExpectedEnd = (reason: string): boolean => EXPECTED_ENDS.has(reason);
