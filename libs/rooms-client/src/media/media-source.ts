// What a participant can send. The order is that of the media sections between two peers.
import type { MuteState } from '../messages.ts';

export const MEDIA_SOURCES = ['microphone', 'camera', 'screen'] as const;
export type MediaSource = (typeof MEDIA_SOURCES)[number];

export const KIND_OF: Readonly<Record<MediaSource, 'audio' | 'video'>> = {
  microphone: 'audio',
  camera: 'video',
  screen: 'video',
};

/** Where the wire says whether a source is muted. */
export const MUTE_FIELD = {
  microphone: 'audio',
  camera: 'video',
  screen: 'screen',
} as const satisfies Record<MediaSource, keyof MuteState>;
