// A playlist of a rendition as viewers get it: whole, or without what they have (draft-pantos-hls-rfc8216bis section 6.2.5).
import type { RenditionPlaylist } from '@millrace/live-store';
import { deltaUpdate } from '@millrace/protocol/hls';
import { blockedPlaylistRepresentation, playlistRepresentation } from './representation.ts';
import type { Representation } from './representation.ts';

const SEGMENT = '#EXTINF:';
const PART = '#EXT-X-PART:';
const TARGET_DURATION = /^#EXT-X-TARGETDURATION:(\d{1,9})$/m;

/** The directives of a playlist request (section 6.2.5). */
export interface DeliveryDirectives {
  /** `_HLS_msn`: the answer waits until this segment is there. */
  readonly mediaSequence: number | undefined;
  /** `_HLS_part`: until this part of it is. */
  readonly part: number | undefined;
  /** `_HLS_skip`: what the player has may be left out. */
  readonly skip: boolean;
}

const NUMBER = /^\d{1,15}$/;

/** @returns undefined when they contradict each other, or are no numbers */
export function readDirectives(query: string): DeliveryDirectives | undefined {
  const parameters = new URLSearchParams(query);
  const [msn, ...moreMsn] = parameters.getAll('_HLS_msn');
  const [part, ...moreParts] = parameters.getAll('_HLS_part');
  const isNumber = (text: string | undefined): boolean => text === undefined || NUMBER.test(text);
  // "_HLS_part ... MUST also contain an _HLS_msn directive".
  if (moreMsn.length > 0 || moreParts.length > 0 || !isNumber(msn) || !isNumber(part)) return undefined;
  if (part !== undefined && msn === undefined) return undefined;
  const skip = parameters.get('_HLS_skip');
  return {
    mediaSequence: msn === undefined ? undefined : Number(msn),
    part: part === undefined ? undefined : Number(part),
    skip: skip === 'YES' || skip === 'v2',
  };
}

/** The tags of its parts come between the segment before it and its own EXTINF. */
function partsOfNewestSegment(text: string): number {
  const end = text.lastIndexOf(SEGMENT);
  if (end < 0) return 0;
  const start = Math.max(0, text.lastIndexOf(SEGMENT, end - 1));
  return text.slice(start, end).split(PART).length - 1;
}

export class RenditionView {
  /** Answers that were not waited for: a cache in front may have them for a second. */
  readonly whole: Representation;
  readonly ended: boolean;
  readonly targetDurationMs: number;
  readonly #playlist: RenditionPlaylist;
  #countedParts: number | undefined;
  #delta: Representation | undefined;
  #blocked: Representation | undefined;
  #blockedDelta: Representation | undefined;

  constructor(playlist: RenditionPlaylist, ended: boolean) {
    this.#playlist = playlist;
    this.ended = ended;
    this.whole = playlistRepresentation(playlist.text);
    this.targetDurationMs = Number(TARGET_DURATION.exec(playlist.text)?.[1] ?? 1) * 1_000;
  }

  /** Whether it is of this very playlist. */
  shows(playlist: RenditionPlaylist, ended: boolean): boolean {
    return this.#playlist.text === playlist.text && this.ended === ended;
  }

  /**
   * Whether what was asked for is in the list. "If the client requests a Part Index greater than that of the final Partial Segment of the Parent
   * Segment", it is Part Index 0 of the following one that it asks for (section 6.2.5.2).
   */
  has(mediaSequence: number, part: number | undefined): boolean {
    const { nextMediaSequence, parts } = this.#playlist;
    if (this.ended) return true;
    if (mediaSequence === nextMediaSequence) return part !== undefined && part < parts;
    const isBeyond = mediaSequence === nextMediaSequence - 1 && part !== undefined && part >= this.#newestParts;
    return mediaSequence < nextMediaSequence && (!isBeyond || parts > 0);
  }

  /** How many parts the newest whole segment has; Infinity where they are not listed. */
  get #newestParts(): number {
    this.#countedParts ??= partsOfNewestSegment(this.#playlist.text) || Infinity;
    return this.#countedParts;
  }

  /** "If the client requests a Media Sequence Number greater than ... two" beyond the last one, the server answers 400 (section 6.2.5.2). */
  isTooFar(mediaSequence: number): boolean {
    return !this.ended && mediaSequence > this.#playlist.nextMediaSequence + 1;
  }

  /** Whether a part may be asked for before it is there: the one that is hinted, or one behind it that another gateway hints. */
  mayHint(mediaSequence: number, index: number): boolean {
    const { nextMediaSequence, parts } = this.#playlist;
    if (this.ended) return false;
    if (mediaSequence === nextMediaSequence) return index >= parts && index <= parts + 1;
    return mediaSequence === nextMediaSequence + 1 && index === 0;
  }

  /** @param waited whether it answers a request for something that is in it: the answer is good for long */
  answer({ skip }: Pick<DeliveryDirectives, 'skip'>, waited: boolean): Representation {
    const { text } = this.#playlist;
    if (!skip) return waited ? (this.#blocked ??= this.#represent(text)) : this.whole;
    if (waited) return (this.#blockedDelta ??= this.#represent(deltaUpdate(text)));
    return (this.#delta ??= playlistRepresentation(deltaUpdate(text)));
  }

  /** @param text of it, or of what a player lacks of it */
  #represent(text: string): Representation {
    return blockedPlaylistRepresentation(text, this.targetDurationMs, this.#playlist.parts === 0);
  }
}
