// Compares what viewers were given with what was published: no number missing, none twice, none that comes back.
import { firstServed, parsePlaylist } from './recording.ts';
import type { Playlist, Recording } from './recording.ts';
import { readPictures } from './ts-pictures.ts';
import type { TsPicture } from './ts-pictures.ts';

export interface Comparison {
  /** Pictures that arrived in any segment. */
  readonly arrived: number;
  /** Numbers that were published and are in no segment, in order. */
  readonly lost: readonly number[];
  /** Numbers that arrived more than once, each as often as it came too much. */
  readonly repeated: readonly number[];
  /** Numbers, of pictures, segments or playlists, that went back or changed: one sentence for each. */
  readonly cameBack: readonly string[];
  /** What else must never be: pictures changed on the way, segments that are listed and not served. */
  readonly faults: readonly string[];
  readonly discontinuities: number;
  /** The longest time without a new segment in the playlist, in milliseconds. */
  readonly longestGapMs: number;
}

/** @param published how many pictures were published: their numbers are 0 to this, without it */
export function compare(published: number, recording: Recording): Comparison {
  const cameBack: string[] = [];
  const faults: string[] = [];
  const playlists = recording.playlists.map(({ text }) => parsePlaylist(text));
  comparePlaylists(playlists, cameBack);
  compareSegments(playlists, recording, cameBack, faults);
  const { arrived, lost, repeated } = comparePictures(published, recording, cameBack, faults);
  const discontinuities = new Set(
    playlists.flatMap(({ segments }) => segments.filter((s) => s.isDiscontinuous).map((s) => s.mediaSequence)),
  ).size;
  return {
    arrived,
    lost,
    repeated,
    cameBack,
    faults,
    discontinuities,
    longestGapMs: longestGapMs(recording, playlists),
  };
}

const newestOf = ({ mediaSequence, segments }: Playlist): number => mediaSequence + segments.length - 1;

/** RFC 8216 §6.2.2: numbers only grow, and a segment that is listed does not change. */
function comparePlaylists(playlists: readonly Playlist[], cameBack: string[]): void {
  const uris = new Map<number, string>();
  playlists.forEach((playlist, i) => {
    const before = playlists[i - 1];
    if (before !== undefined) {
      if (playlist.mediaSequence < before.mediaSequence)
        cameBack.push(`media sequence ${playlist.mediaSequence} after ${before.mediaSequence}`);
      if (newestOf(playlist) < newestOf(before))
        cameBack.push(`newest segment ${newestOf(playlist)} after ${newestOf(before)}`);
      if (playlist.discontinuitySequence < before.discontinuitySequence)
        cameBack.push(`discontinuity sequence ${playlist.discontinuitySequence} after ${before.discontinuitySequence}`);
    }
    for (const { mediaSequence, uri } of playlist.segments) {
      const known = uris.get(mediaSequence);
      if (known !== undefined && known !== uri) cameBack.push(`segment ${mediaSequence} was ${known} and is ${uri}`);
      uris.set(mediaSequence, uri);
    }
  });
}

function compareSegments(
  playlists: readonly Playlist[],
  { segments }: Recording,
  cameBack: string[],
  faults: string[],
): void {
  const bytes = new Map<number, Buffer>();
  for (const segment of segments) {
    const known = bytes.get(segment.mediaSequence);
    if (known !== undefined && !known.equals(segment.bytes))
      cameBack.push(`segment ${segment.mediaSequence} came back with other bytes`);
    bytes.set(segment.mediaSequence, segment.bytes);
  }
  const listed = new Set(playlists.flatMap((playlist) => playlist.segments.map((s) => s.mediaSequence)));
  for (const number of listed) if (!bytes.has(number)) faults.push(`segment ${number} was listed and not served`);
  const numbers = [...listed].sort((a, b) => a - b);
  numbers.forEach((number, i) => {
    const before = numbers[i - 1];
    if (before !== undefined && number !== before + 1) faults.push(`segment ${number} follows ${before}`);
  });
}

function comparePictures(
  published: number,
  recording: Recording,
  cameBack: string[],
  faults: string[],
): Pick<Comparison, 'arrived' | 'lost' | 'repeated'> {
  const seen = new Set<number>();
  const repeated: number[] = [];
  let arrived = 0;
  let highest = -1;
  for (const { mediaSequence, bytes } of firstServed(recording)) {
    for (const { numbered } of picturesOf(mediaSequence, bytes, faults)) {
      arrived++;
      if (numbered === undefined || numbered.number >= published) {
        faults.push(`a picture in segment ${mediaSequence} was never published`);
        continue;
      }
      const { number, isIntact } = numbered;
      if (!isIntact) faults.push(`picture ${number} was changed on the way`);
      if (seen.has(number)) repeated.push(number);
      else if (number < highest) cameBack.push(`picture ${number} after ${highest}`);
      seen.add(number);
      highest = Math.max(highest, number);
    }
  }
  const lost = Array.from({ length: published }, (_, number) => number).filter((number) => !seen.has(number));
  return { arrived, lost, repeated };
}

function picturesOf(mediaSequence: number, bytes: Buffer, faults: string[]): readonly TsPicture[] {
  try {
    return readPictures(bytes);
  } catch (error) {
    faults.push(`segment ${mediaSequence}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function longestGapMs(recording: Recording, playlists: readonly Playlist[]): number {
  let newest = -1;
  let sinceMs: number | undefined;
  let longest = 0;
  playlists.forEach((playlist, i) => {
    if (newestOf(playlist) <= newest) return;
    newest = newestOf(playlist);
    const atMs = recording.playlists[i]?.atMs ?? 0;
    longest = Math.max(longest, sinceMs === undefined ? 0 : atMs - sinceMs);
    sinceMs = atMs;
  });
  return longest;
}
