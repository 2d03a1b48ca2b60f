// What is wrong with a session that goes on all the same. One list for the edges, the API, the metrics and the docs.

/** The code of a warning and the sentence that its message begins with. */
export const SESSION_WARNINGS = {
  unsupported_video: 'unsupported video: viewers get no picture; send H.264 or H.265',
  unsupported_audio: 'unsupported audio: viewers get no sound; send AAC or Opus',
  tracks_left_out: 'tracks left out: viewers get the others; send fewer tracks, or other codecs',
  tracks_unaligned:
    'keyframes of video tracks apart: players cannot switch to such a track, which is left out of the ladder; set the same keyframe interval for all',
  no_low_latency:
    'no low latency: browsers do not take the sound from CMAF, so that master.m3u8 offers MPEG-TS; send another codec',
  not_in_mpeg_ts:
    'not in MPEG-TS: index.m3u8, which playback_url leads to, lacks a track; give players master.m3u8, or set latency_mode to low',
  silent_in_browsers: 'silent in browsers: they do not take the codec of the sound in the form that this stream has',
  unreadable_video: 'unreadable video: viewers get no picture; check the output settings of the encoder',
  unreadable_audio: 'unreadable audio: viewers get no sound; check the output settings of the encoder',
  no_idr:
    'no IDR pictures: a browser that joins late may wait a long time for a picture; configure the encoder to send IDR keyframes',
  gop_too_long:
    'keyframes too far apart: viewers wait longer for a picture and are further behind; set the keyframe interval of the encoder to 2 s',
  gop_irregular:
    'irregular keyframes: segments differ in length; set a fixed keyframe interval of 2 s and turn off keyframes at scene changes',
  video_starved:
    'no video arrives: the picture freezes; check the encoder, its video source and its network connection',
  audio_starved: 'no audio arrives: viewers hear nothing; check the audio source of the encoder',
  bitrate_unstable:
    'slower than real time: viewers see pauses; lower the bitrate, and check the network and the load of the encoder',
  timestamp_jump: 'timestamps have jumped: players may pause or skip; restart the encoder if it happens again',
  encoder_clock:
    'the clock of the encoder is wrong, and ignored: dates of the stream follow the clock of this server; synchronise the clock of the encoder (NTP)',
  av_desync: 'audio and video are out of sync: check the audio delay and the capture devices of the encoder',
} as const;
export type SessionWarningCode = keyof typeof SESSION_WARNINGS;

/** A session keeps no more warnings than this: each code at most once for each track. */
export const MAX_SESSION_WARNINGS = 16;
export const MAX_WARNING_LENGTH = 256;

export interface SessionWarning {
  /** One of `SESSION_WARNINGS`, or what a newer release warns of. */
  readonly code: string;
  /** Begins with the sentence of its code; holds nothing that the peer chose freely. */
  readonly message: string;
  /** Undefined for what concerns the stream as a whole. */
  readonly track?: 'video' | 'audio' | undefined;
  readonly firstAtMs: number;
}
