// The names of what a rendition is made of: packagers give them, gateways know from them what is asked for.
import { RENDITIONS } from './live-store.ts';
import type { RenditionName } from './live-store.ts';

/** Names begin with it. */
const LETTER: Readonly<Record<RenditionName, string>> = { video: 'v', audio: 'a' };
const RENDITION: Readonly<Record<string, RenditionName>> = { v: 'video', a: 'audio' };
const EXTENSION = 'm4s';
const PART = /^([va])(\d{1,15})\.(\d{1,6})\.m4s$/;

/** The name under which players ask for the playlist of a rendition. */
export const renditionFile = (rendition: RenditionName): string => `${rendition}.m3u8`;

/** @returns undefined for another file */
export const parseRenditionFile = (file: string): RenditionName | undefined =>
  RENDITIONS.find((rendition) => renditionFile(rendition) === file);

export const renditionSegmentName = (rendition: RenditionName, mediaSequence: number): string =>
  `${LETTER[rendition]}${mediaSequence}.${EXTENSION}`;

export const partName = (rendition: RenditionName, mediaSequence: number, index: number): string =>
  `${LETTER[rendition]}${mediaSequence}.${index}.${EXTENSION}`;

export interface PartPlace {
  readonly rendition: RenditionName;
  readonly mediaSequence: number;
  readonly index: number;
}

/** @returns undefined for what is no name of a part */
export function parsePartName(name: string): PartPlace | undefined {
  const [, letter = '', mediaSequence, index] = PART.exec(name) ?? [];
  const rendition = RENDITION[letter];
  return rendition && { rendition, mediaSequence: Number(mediaSequence), index: Number(index) };
}
