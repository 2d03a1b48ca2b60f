// Enhanced RTMP v2, "FourCC": the codec names of extended video and audio tags.

/** Codec names as on the wire. */
export const VideoFourCc = {
  h264: 'avc1',
  h265: 'hvc1',
  vvc: 'vvc1',
  av1: 'av01',
  vp8: 'vp08',
  vp9: 'vp09',
} as const;
export const AudioFourCc = {
  aac: 'mp4a',
  opus: 'Opus',
  ac3: 'ac-3',
  eac3: 'ec-3',
  flac: 'fLaC',
  mp3: '.mp3',
} as const;

/** A FourCC as the number that its four bytes make, big-endian: compared without making strings. */
export function fourCcOf(name: string): number {
  return Buffer.from(name, 'latin1').readUInt32BE(0);
}

/** The four characters of a FourCC. What a peer sent: escape it before it goes anywhere. */
export function fourCcName(fourCc: number): string {
  return String.fromCharCode(fourCc >>> 24, (fourCc >>> 16) & 0xff, (fourCc >>> 8) & 0xff, fourCc & 0xff);
}

const table = <Name extends string>(names: Readonly<Record<Name, string>>): ReadonlyMap<number, Name> =>
  new Map((Object.keys(names) as Name[]).map((name) => [fourCcOf(names[name]), name]));

/** From the number on the wire to the codec's name here. */
export const VIDEO_BY_FOUR_CC: ReadonlyMap<number, keyof typeof VideoFourCc> = table(VideoFourCc);
export const AUDIO_BY_FOUR_CC: ReadonlyMap<number, keyof typeof AudioFourCc> = table(AudioFourCc);
