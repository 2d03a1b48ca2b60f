// Proves that the comparer bites: a recording is damaged on purpose, and what was done to it must be found.
import { compare } from './compare.ts';
import type { Comparison } from './compare.ts';
import { firstServed, parsePlaylist } from './recording.ts';
import type { Recording } from './recording.ts';
import { readPictures, removePackets, repeatPackets } from './ts-pictures.ts';

/** The comparer did not find what was damaged on purpose. */
export class SelfCheckFailed extends Error {
  constructor(damage: string) {
    super(`the comparer does not find ${damage}: nothing that it says counts`);
    this.name = 'SelfCheckFailed';
  }
}

/**
 * @param comparer the one to check
 * @throws SelfCheckFailed unless it finds a removed picture, a repeated one, and numbers that came back
 */
export function checkComparer(published: number, whole: Recording, comparer: typeof compare = compare): void {
  const recording: Recording = { playlists: whole.playlists, segments: firstServed(whole) };
  const before = comparer(published, recording);
  const check = (damage: string, damaged: Recording, isFound: (after: Comparison) => boolean): void => {
    if (!isFound(comparer(published, damaged))) throw new SelfCheckFailed(damage);
  };
  const { at, number, packets } = chosenPicture(recording);
  const changed = (change: (bytes: Buffer) => Buffer): Recording => ({
    ...recording,
    segments: recording.segments.map((segment, i) =>
      i === at ? { ...segment, bytes: change(segment.bytes) } : segment,
    ),
  });
  check(
    'a picture that was removed',
    changed((bytes) => removePackets(bytes, packets)),
    ({ lost }) => lost.includes(number) && lost.length === before.lost.length + 1,
  );
  check(
    'a picture that is repeated',
    changed((bytes) => repeatPackets(bytes, packets)),
    ({ repeated }) => repeated.length === before.repeated.length + 1,
  );
  const isBack = ({ cameBack }: Comparison): boolean => cameBack.length > before.cameBack.length;
  check('a playlist that came back', withOldPlaylist(recording), isBack);
  check('a number that came back with other bytes', withOtherBytes(recording, at), isBack);
}

/** One in the middle of the recording that arrived once. */
function chosenPicture({ segments }: Recording): { at: number; number: number; packets: readonly number[] } {
  const times = new Map<number, number>();
  const all = segments.flatMap(({ bytes }, at) =>
    readPictures(bytes).map(({ numbered, packets }) => {
      const number = numbered?.number ?? -1;
      times.set(number, (times.get(number) ?? 0) + 1);
      return { at, number, packets };
    }),
  );
  const once = all.filter(({ number }) => number >= 0 && times.get(number) === 1);
  const chosen = once[Math.floor(once.length / 2)];
  if (chosen === undefined) throw new SelfCheckFailed('any picture');
  return chosen;
}

/** The first playlist once more at the end: its newest segment, at least, is an old one. */
function withOldPlaylist({ playlists, segments }: Recording): Recording {
  const [first] = playlists;
  const last = playlists.at(-1);
  if (first === undefined || last === undefined) throw new SelfCheckFailed('any playlist');
  if (parsePlaylist(first.text).segments.length === 0) throw new SelfCheckFailed('any segment in a playlist');
  return { playlists: [...playlists, { atMs: last.atMs + 1, text: first.text }], segments };
}

function withOtherBytes({ playlists, segments }: Recording, at: number): Recording {
  const chosen = segments[at];
  if (chosen === undefined) throw new SelfCheckFailed('any segment');
  const bytes = Buffer.from(chosen.bytes);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return { playlists, segments: [...segments, { ...chosen, bytes }] };
}
