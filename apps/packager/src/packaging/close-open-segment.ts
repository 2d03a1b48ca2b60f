// A segment that no packager can cut again, because the log does not hold its frames any more, and of which viewers have parts: it is
// closed with the parts that are listed. Their names keep their bytes, and its number is not used for anything else. What else it
// had is lost: its place in the container of the stream is a gap, and a discontinuity follows. Pure.
import { TICKS_PER_MS } from '@millrace/domain';
import type { FramePosition, ResumePoint } from '@millrace/domain';
import { renditionNames, renditionSegmentName, renditionValues } from '@millrace/live-store';
import type { LowLatencyWindow, OfRenditions, RenditionName } from '@millrace/live-store';
import { cmafTime } from '../containers/cmaf.ts';
import type { Container } from '../containers/container.ts';
import type { FinishedSegment, SegmentMap } from './finished-segment.ts';
import { beforeNextEpoch, finishSegment } from './finish-segment.ts';
import type { FinishedPart, FinishedRendition } from './part-cutter.ts';
import type { SegmenterSettings } from './segmenter-settings.ts';

/** What is listed of the segment that is not whole. */
export type OpenList = LowLatencyWindow['open'];

/** Whether viewers have parts of it. */
export const hasParts = ({ renditions }: OpenList): boolean =>
  renditionValues(renditions).some(({ parts }) => parts.length > 0);

/** The open segment that cannot be cut again, and where the one behind it begins. */
export interface LostSegment {
  readonly mediaSequence: number;
  readonly next: FramePosition;
  /** Whether frames of another epoch follow. */
  readonly endsEpoch: boolean;
}

/** What the store has of a rendition. */
export interface StoredParts {
  readonly map: SegmentMap;
  /** The first ones of those that are listed: usually all. */
  readonly parts: readonly { readonly contentType: string; readonly bytes: Uint8Array }[];
}

/**
 * @param before the state before the segment
 * @param stored its parts in the store
 * @param finishedAtMs by the stopwatch
 */
export function closeOpenSegment(
  before: ResumePoint,
  { open, facts = {} }: Pick<LowLatencyWindow, 'open' | 'facts'>,
  stored: OfRenditions<StoredParts>,
  { next, endsEpoch }: LostSegment,
  { container, settings, finishedAtMs }: { container: Container; settings: SegmenterSettings; finishedAtMs: number },
): FinishedSegment {
  const renditions: { [Name in RenditionName]?: FinishedRendition } = {};
  for (const name of renditionNames(stored)) {
    const rendition = closeRendition(name, before, open, stored[name]!, facts[name]);
    if (rendition !== undefined) renditions[name] = rendition;
  }
  const listed = renditionValues(open.renditions);
  const ticks = Math.max(...listed.map(({ parts }) => parts.reduce((sum, part) => sum + part.ticks, 0)));
  const startDts90k = (listed[0]!.programDateTimeMs - before.epochZeroMs) * TICKS_PER_MS;
  const nothing = { frames: [], tracks: [], startDts90k, ticks, awaitsKeyframe: false };
  const gathered = { before, ...nothing, cut: 'gap' as const, next, discontinuity: true };
  const finished = { ...finishSegment(gathered, container, settings), finishedAtMs, buildMs: 0 };
  return {
    ...(endsEpoch ? beforeNextEpoch(finished) : finished),
    gap: true,
    independent: listed.every(({ parts }) => parts[0]?.independent !== false),
    signals: open.signals ?? [],
    renditions,
  };
}

/** @returns undefined where nothing is left of it */
function closeRendition(
  rendition: RenditionName,
  before: ResumePoint,
  { renditions }: OpenList,
  { map, parts: files }: StoredParts,
  facts: FinishedRendition['facts'] | undefined,
): FinishedRendition | undefined {
  const { programDateTimeMs, start90k: known, parts: listed } = renditions[rendition]!;
  const [first] = files;
  if (first === undefined) return undefined;
  // Not noted by the release before: then as if pictures were shown when they are decoded.
  const start90k = known ?? cmafTime((programDateTimeMs - before.epochZeroMs) * TICKS_PER_MS);
  let end90k = start90k;
  const parts = files.map((file, index): FinishedPart => {
    const { name, ticks, independent } = listed[index]!;
    const partStart90k = end90k;
    end90k += ticks;
    const common = { before, rendition, index, name, ticks, independent, map, programDateTimeMs };
    return { ...common, ...file, start90k: partStart90k };
  });
  return {
    name: renditionSegmentName(rendition, before.mediaSequence),
    contentType: first.contentType,
    bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
    ticks: end90k - start90k,
    map,
    programDateTimeMs,
    parts,
    start90k,
    facts,
    independent: parts[0]!.independent,
  };
}
