// draft-pantos-hls-rfc8216bis sections 4.4.3.7, 4.4.3.8, 4.4.4.9 and 4.4.5: what low latency adds to media playlists.
import type { AttributeList } from './attribute-list.ts';
import { AttributeWriter } from './attribute-list.ts';
import type { ByteRange } from './media-playlist.ts';
import { formatByteRange, parseByteRange } from './byte-range.ts';

/** EXT-X-PART: a part of a segment. */
export interface PartialSegment {
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
  /** Whether decoding can start with it. */
  readonly independent: boolean;
  readonly byteRange?: ByteRange | undefined;
  /** Whether it is not there. */
  readonly gap?: boolean | undefined;
}

/** EXT-X-SERVER-CONTROL. Seconds. */
export interface ServerControl {
  readonly canSkipUntil: number | undefined;
  readonly canSkipDateRanges: boolean;
  readonly holdBack: number | undefined;
  readonly partHoldBack: number | undefined;
  readonly canBlockReload: boolean;
}

/** EXT-X-PRELOAD-HINT: what will be asked for next. */
export interface PreloadHint {
  readonly type: 'PART' | 'MAP';
  readonly uri: string;
  readonly byteRangeStart?: number | undefined;
  readonly byteRangeLength?: number | undefined;
}

/** EXT-X-RENDITION-REPORT: how far another rendition is. */
export interface RenditionReport {
  readonly uri: string;
  readonly lastMediaSequence: number;
  /** Undefined for a rendition without parts. */
  readonly lastPart: number | undefined;
}

/** EXT-X-SKIP: in a delta update, instead of the oldest segments. */
export interface Skip {
  readonly skippedSegments: number;
}

export function parsePart(list: AttributeList, line: number): PartialSegment {
  const range = list.quoted('BYTERANGE');
  return {
    uri: list.required('URI', list.quoted('URI')),
    duration: list.required('DURATION', list.float('DURATION')),
    independent: list.yes('INDEPENDENT'),
    ...(range === undefined ? {} : { byteRange: parseByteRange(range, line) }),
    ...(list.yes('GAP') ? { gap: true } : {}),
  };
}

export function formatPart(part: PartialSegment): string {
  const list = new AttributeWriter()
    .float('DURATION', part.duration)
    .quoted('URI', part.uri)
    .yes('INDEPENDENT', part.independent)
    .quoted('BYTERANGE', part.byteRange && formatByteRange(part.byteRange))
    .yes('GAP', part.gap === true);
  return `#EXT-X-PART:${list.toString()}`;
}

export function parsePartInf(list: AttributeList): number {
  return list.required('PART-TARGET', list.float('PART-TARGET'));
}

export const formatPartInf = (partTarget: number): string =>
  `#EXT-X-PART-INF:${new AttributeWriter().float('PART-TARGET', partTarget).toString()}`;

export function parseServerControl(list: AttributeList): ServerControl {
  const control = {
    canSkipUntil: list.float('CAN-SKIP-UNTIL'),
    canSkipDateRanges: list.yes('CAN-SKIP-DATERANGES'),
    holdBack: list.float('HOLD-BACK'),
    partHoldBack: list.float('PART-HOLD-BACK'),
    canBlockReload: list.yes('CAN-BLOCK-RELOAD'),
  };
  // "If CAN-SKIP-DATERANGES is present, CAN-SKIP-UNTIL MUST also be present" (section 4.4.3.8).
  if (control.canSkipDateRanges) list.required('CAN-SKIP-UNTIL', control.canSkipUntil);
  return control;
}

export function formatServerControl(control: ServerControl): string {
  const list = new AttributeWriter()
    .yes('CAN-BLOCK-RELOAD', control.canBlockReload)
    .float('CAN-SKIP-UNTIL', control.canSkipUntil)
    .yes('CAN-SKIP-DATERANGES', control.canSkipDateRanges)
    .float('HOLD-BACK', control.holdBack)
    .float('PART-HOLD-BACK', control.partHoldBack);
  return `#EXT-X-SERVER-CONTROL:${list.toString()}`;
}

export function parsePreloadHint(list: AttributeList): PreloadHint {
  const type = list.required('TYPE', list.enumerated('TYPE'));
  if (type !== 'PART' && type !== 'MAP') throw list.wrong('TYPE is neither PART nor MAP');
  const byteRangeStart = list.integer('BYTERANGE-START');
  const byteRangeLength = list.integer('BYTERANGE-LENGTH');
  return {
    type,
    uri: list.required('URI', list.quoted('URI')),
    ...(byteRangeStart === undefined ? {} : { byteRangeStart }),
    ...(byteRangeLength === undefined ? {} : { byteRangeLength }),
  };
}

export function formatPreloadHint(hint: PreloadHint): string {
  const list = new AttributeWriter()
    .enumerated('TYPE', hint.type)
    .quoted('URI', hint.uri)
    .integer('BYTERANGE-START', hint.byteRangeStart)
    .integer('BYTERANGE-LENGTH', hint.byteRangeLength);
  return `#EXT-X-PRELOAD-HINT:${list.toString()}`;
}

export function parseRenditionReport(list: AttributeList): RenditionReport {
  return {
    uri: list.required('URI', list.quoted('URI')),
    lastMediaSequence: list.required('LAST-MSN', list.integer('LAST-MSN')),
    lastPart: list.integer('LAST-PART'),
  };
}

export function formatRenditionReport(report: RenditionReport): string {
  const list = new AttributeWriter()
    .quoted('URI', report.uri)
    .integer('LAST-MSN', report.lastMediaSequence)
    .integer('LAST-PART', report.lastPart);
  return `#EXT-X-RENDITION-REPORT:${list.toString()}`;
}

export const parseSkip = (list: AttributeList): Skip => ({
  skippedSegments: list.required('SKIPPED-SEGMENTS', list.integer('SKIPPED-SEGMENTS')),
});

export function formatSkip(skip: Skip): string {
  return `#EXT-X-SKIP:${new AttributeWriter().integer('SKIPPED-SEGMENTS', skip.skippedSegments).toString()}`;
}
