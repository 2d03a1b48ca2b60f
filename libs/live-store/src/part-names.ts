// The names of what a rendition is made of: packagers give them, gateways know from them what is asked for.
import { RENDITIONS } from './live-store.ts';
import type { OfRenditions, RenditionKind, RenditionName } from './live-store.ts';

/** Names of files begin with it. */
const LETTER: Readonly<Record<RenditionKind, string>> = { video: 'v', audio: 'a' };
const KIND: Readonly<Record<string, RenditionKind>> = { v: 'video', a: 'audio' };
const EXTENSION = 'm4s';
const NAME = /^(video|audio)([1-9]\d{0,4})?$/;
const FILE = /^(.{1,16})\.m3u8$/;
/** Numbers of further tracks have a hyphen behind them: `v2-17.0.m4s`, beside `v17.0.m4s` of the first one. */
const PART = /^([va])(?:([1-9]\d{0,4})-)?(\d{1,15})\.(\d{1,6})\.m4s$/;

export interface RenditionPlace {
  readonly kind: RenditionKind;
  /** 0 is the first one of its kind. */
  readonly track: number;
}

export const renditionName = (kind: RenditionKind, track: number): RenditionName =>
  track === 0 ? kind : `${kind}${track}`;

/** @returns undefined for what is no name of a rendition */
export function parseRenditionName(name: string): RenditionPlace | undefined {
  const [, kind, track = '0'] = NAME.exec(name) ?? [];
  return kind === undefined ? undefined : { kind: kind as RenditionKind, track: Number(track) };
}

/** The names in a record of renditions, in the order of players' lists: pictures first, then by number. */
export function renditionNames(record: OfRenditions<unknown>): RenditionName[] {
  const places: RenditionPlace[] = [];
  for (const [name, value] of Object.entries(record)) {
    const place = value === undefined ? undefined : parseRenditionName(name);
    if (place !== undefined) places.push(place);
  }
  places.sort((a, b) => RENDITIONS.indexOf(a.kind) - RENDITIONS.indexOf(b.kind) || a.track - b.track);
  return places.map(({ kind, track }) => renditionName(kind, track));
}

/** What a record has of renditions, in the same order. */
export const renditionValues = <T>(record: OfRenditions<T>): T[] => renditionNames(record).map((name) => record[name]!);

/** The name under which players ask for the playlist of a rendition. */
export const renditionFile = (rendition: RenditionName): string => `${rendition}.m3u8`;

/** @returns undefined for another file */
export function parseRenditionFile(file: string): RenditionName | undefined {
  const [, name = ''] = FILE.exec(file) ?? [];
  return parseRenditionName(name) && (name as RenditionName);
}

export const renditionSegmentName = (rendition: RenditionName, mediaSequence: number): string =>
  `${prefixOf(rendition)}${mediaSequence}.${EXTENSION}`;

export const partName = (rendition: RenditionName, mediaSequence: number, index: number): string =>
  `${prefixOf(rendition)}${mediaSequence}.${index}.${EXTENSION}`;

function prefixOf(rendition: RenditionName): string {
  const { kind, track } = parseRenditionName(rendition)!;
  return track === 0 ? LETTER[kind] : `${LETTER[kind]}${track}-`;
}

export interface PartPlace {
  readonly rendition: RenditionName;
  readonly mediaSequence: number;
  readonly index: number;
}

/** @returns undefined for what is no name of a part */
export function parsePartName(name: string): PartPlace | undefined {
  const [, letter = '', track = '0', mediaSequence, index] = PART.exec(name) ?? [];
  const kind = KIND[letter];
  return (
    kind && {
      rendition: renditionName(kind, Number(track)),
      mediaSequence: Number(mediaSequence),
      index: Number(index),
    }
  );
}
