// What a participant can send. The order is that of the media sections between two peers.

export const MEDIA_SOURCES = ['microphone', 'camera', 'screen'] as const;
export type MediaSource = (typeof MEDIA_SOURCES)[number];

export const KIND_OF: Readonly<Record<MediaSource, 'audio' | 'video'>> = {
  microphone: 'audio',
  camera: 'video',
  screen: 'video',
};
