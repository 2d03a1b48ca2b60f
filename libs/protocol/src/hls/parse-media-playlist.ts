// RFC 8216 sections 4.3.2 and 4.3.3, draft-pantos-hls-rfc8216bis sections 4.4.3 to 4.4.5: reading a media playlist.
import { AttributeList } from './attribute-list.ts';
import { parseByteRange } from './byte-range.ts';
import type { DateRange } from './date-range.ts';
import { parseDateRange } from './date-range.ts';
import { isDateTime } from './date-time.ts';
import { parseDefine } from './define.ts';
import type { Define } from './define.ts';
import {
  parsePart,
  parsePartInf,
  parsePreloadHint,
  parseRenditionReport,
  parseServerControl,
  parseSkip,
} from './low-latency.ts';
import type { PartialSegment, PreloadHint, RenditionReport, ServerControl, Skip } from './low-latency.ts';
import type { ByteRange, InitializationSection, MediaPlaylist, MediaSegment } from './media-playlist.ts';
import { PlaylistError } from './playlist-error.ts';
import { readPlaylistLines } from './playlist-line.ts';
import type { EncryptionKey, StartPoint } from './shared-tags.ts';
import { once, parseInteger, parseKey, parseStart, parseVersion } from './shared-tags.ts';

const PLACE = 'hls/media-playlist';
/** A number of seconds with as many digits as a number holds exactly. */
const EXTINF = /^(\d{1,15}(?:\.\d{1,32})?)(?:,(.*))?$/s;

/** What the lines before the next URI have said about its segment. */
interface PendingSegment {
  duration: number | undefined;
  title: string;
  byteRange: ByteRange | undefined;
  discontinuity: boolean;
  programDateTimeMs: number | undefined;
  keys: EncryptionKey[];
  map: InitializationSection | undefined;
  gap: boolean;
  parts: PartialSegment[];
  dateRanges: DateRange[];
  otherTags: string[];
}

const pendingSegment = (): PendingSegment => ({
  duration: undefined,
  title: '',
  byteRange: undefined,
  discontinuity: false,
  programDateTimeMs: undefined,
  keys: [],
  map: undefined,
  gap: false,
  parts: [],
  dateRanges: [],
  otherTags: [],
});

class MediaPlaylistParser {
  #version: number | undefined;
  #targetDuration: number | undefined;
  #mediaSequence: number | undefined;
  #discontinuitySequence: number | undefined;
  #playlistType: 'EVENT' | 'VOD' | undefined;
  #independentSegments: true | undefined;
  #iFramesOnly: true | undefined;
  #start: StartPoint | undefined;
  #endList: true | undefined;
  #partTarget: number | undefined;
  #serverControl: ServerControl | undefined;
  #skip: Skip | undefined;
  readonly #defines: Define[] = [];
  readonly #defined = new Set<string>();
  readonly #preloadHints: PreloadHint[] = [];
  readonly #renditionReports: RenditionReport[] = [];
  readonly #segments: MediaSegment[] = [];
  #next = pendingSegment();

  tag(name: string, value: string | undefined, line: number): void {
    switch (name) {
      case '#EXTINF':
        return this.#extinf(value, line);
      case '#EXT-X-BYTERANGE':
        this.#next.byteRange = parseByteRange(value ?? '', line);
        return;
      case '#EXT-X-DISCONTINUITY':
        this.#next.discontinuity = true;
        return;
      case '#EXT-X-PROGRAM-DATE-TIME':
        this.#next.programDateTimeMs = parseDateTime(value ?? '', line);
        return;
      case '#EXT-X-KEY':
        this.#next.keys.push(parseKey(new AttributeList(value ?? '', PLACE, line)));
        return;
      case '#EXT-X-MAP':
        this.#next.map = parseMap(new AttributeList(value ?? '', PLACE, line), line);
        return;
      case '#EXT-X-GAP':
        this.#next.gap = true;
        return;
      case '#EXT-X-PART':
        this.#next.parts.push(parsePart(new AttributeList(value ?? '', PLACE, line), line));
        return;
      case '#EXT-X-DATERANGE':
        this.#next.dateRanges.push(parseDateRange(new AttributeList(value ?? '', PLACE, line)));
        return;
      case '#EXT-X-PRELOAD-HINT':
        this.#preloadHints.push(parsePreloadHint(new AttributeList(value ?? '', PLACE, line)));
        return;
      case '#EXT-X-RENDITION-REPORT':
        this.#renditionReports.push(parseRenditionReport(new AttributeList(value ?? '', PLACE, line)));
        return;
      case '#EXT-X-STREAM-INF':
      case '#EXT-X-MEDIA':
      case '#EXT-X-I-FRAME-STREAM-INF':
        // "A Playlist MUST be either a Media Playlist or a Master Playlist" (section 4.1).
        throw new PlaylistError('kind', PLACE, line, `${name} in a media playlist`);
      default:
        return this.#playlistTag(name, value, line);
    }
  }

  /** Section 4.3.3: "There MUST NOT be more than one Media Playlist tag of each type in any Media Playlist." */
  #playlistTag(name: string, value: string | undefined, line: number): void {
    switch (name) {
      case '#EXT-X-VERSION':
        this.#version = once(this.#version, parseVersion(value, PLACE, line), name, PLACE, line);
        return;
      case '#EXT-X-DEFINE':
        this.#defines.push(parseDefine(new AttributeList(value ?? '', PLACE, line), this.#defined));
        return;
      case '#EXT-X-TARGETDURATION':
        this.#targetDuration = once(this.#targetDuration, parseInteger(value, PLACE, line), name, PLACE, line);
        return;
      case '#EXT-X-MEDIA-SEQUENCE':
        // "MUST appear before the first Media Segment" (section 4.3.3.2).
        this.#mustComeFirst(name, line);
        this.#mediaSequence = once(this.#mediaSequence, parseInteger(value, PLACE, line), name, PLACE, line);
        return;
      case '#EXT-X-DISCONTINUITY-SEQUENCE':
        this.#mustComeFirst(name, line);
        if (this.#next.discontinuity) throw new PlaylistError('order', PLACE, line, `${name} after a discontinuity`);
        this.#discontinuitySequence = once(
          this.#discontinuitySequence,
          parseInteger(value, PLACE, line),
          name,
          PLACE,
          line,
        );
        return;
      case '#EXT-X-PLAYLIST-TYPE':
        if (value !== 'EVENT' && value !== 'VOD') throw new PlaylistError('type', PLACE, line, 'neither EVENT nor VOD');
        this.#playlistType = once(this.#playlistType, value, name, PLACE, line);
        return;
      case '#EXT-X-INDEPENDENT-SEGMENTS':
        this.#independentSegments = once(this.#independentSegments, true, name, PLACE, line);
        return;
      case '#EXT-X-I-FRAMES-ONLY':
        this.#iFramesOnly = once(this.#iFramesOnly, true, name, PLACE, line);
        return;
      case '#EXT-X-START':
        this.#start = once(this.#start, parseStart(new AttributeList(value ?? '', PLACE, line)), name, PLACE, line);
        return;
      case '#EXT-X-PART-INF':
        this.#partTarget = once(
          this.#partTarget,
          parsePartInf(new AttributeList(value ?? '', PLACE, line)),
          name,
          PLACE,
          line,
        );
        return;
      case '#EXT-X-SERVER-CONTROL':
        this.#serverControl = once(
          this.#serverControl,
          parseServerControl(new AttributeList(value ?? '', PLACE, line)),
          name,
          PLACE,
          line,
        );
        return;
      case '#EXT-X-SKIP':
        this.#mustComeFirst(name, line);
        this.#skip = once(this.#skip, parseSkip(new AttributeList(value ?? '', PLACE, line)), name, PLACE, line);
        return;
      case '#EXT-X-ENDLIST':
        this.#endList = once(this.#endList, true, name, PLACE, line);
        return;
      default:
        this.#next.otherTags.push(value === undefined ? name : `${name}:${value}`);
    }
  }

  uri(uri: string, line: number): void {
    const { duration, gap, parts, dateRanges, ...rest } = this.#next;
    if (duration === undefined) throw new PlaylistError('extinf', PLACE, line, 'a URI without EXTINF');
    this.#checkByteRange(uri, line);
    this.#segments.push({ uri, duration, ...rest, ...(gap ? { gap } : {}), ...listed({ parts, dateRanges }) });
    this.#next = pendingSegment();
  }

  /**
   * Section 4.3.2.2: without an offset "a previous Media Segment MUST appear in the Playlist file and MUST be a sub-range of
   * the same media resource, or the Media Segment is undefined and the client MUST fail to parse the Playlist".
   */
  #checkByteRange(uri: string, line: number): void {
    const { byteRange } = this.#next;
    if (byteRange === undefined || byteRange.offset !== undefined) return;
    const before = this.#segments.at(-1);
    if (before?.byteRange === undefined || before.uri !== uri) {
      throw new PlaylistError('byte-range', PLACE, line, 'no offset, and no range of the same resource before it');
    }
  }

  finish(): MediaPlaylist {
    if (this.#targetDuration === undefined) {
      throw new PlaylistError('target-duration', PLACE, 0, 'EXT-X-TARGETDURATION is missing');
    }
    if (this.#next.duration !== undefined) throw new PlaylistError('extinf', PLACE, 0, 'EXTINF without a URI');
    if (this.#partTarget === undefined && this.#hasParts()) {
      // "A Media Playlist that contains EXT-X-PART tags MUST contain it" (section 4.4.3.7).
      throw new PlaylistError('part-inf', PLACE, 0, 'EXT-X-PART without EXT-X-PART-INF');
    }
    const { parts, discontinuity, programDateTimeMs, keys, map, dateRanges, otherTags } = this.#next;
    const open = { parts, discontinuity, programDateTimeMs, keys, map, ...listed({ dateRanges }), otherTags };
    const isOpen = parts.length > 0 || dateRanges.length > 0;
    return {
      version: this.#version ?? 1,
      ...listed({ defines: this.#defines }),
      targetDuration: this.#targetDuration,
      mediaSequence: this.#mediaSequence ?? 0,
      discontinuitySequence: this.#discontinuitySequence ?? 0,
      playlistType: this.#playlistType,
      independentSegments: this.#independentSegments ?? false,
      iFramesOnly: this.#iFramesOnly ?? false,
      start: this.#start,
      endList: this.#endList ?? false,
      ...(this.#skip === undefined ? {} : { skip: this.#skip }),
      ...(this.#partTarget === undefined ? {} : { partTarget: this.#partTarget }),
      ...(this.#serverControl === undefined ? {} : { serverControl: this.#serverControl }),
      segments: this.#segments,
      ...(isOpen ? { open } : {}),
      ...listed({ preloadHints: this.#preloadHints, renditionReports: this.#renditionReports }),
      otherTags: isOpen ? [] : otherTags,
    };
  }

  #hasParts(): boolean {
    return this.#next.parts.length > 0 || this.#segments.some(({ parts }) => parts !== undefined);
  }

  #extinf(value: string | undefined, line: number): void {
    const match = EXTINF.exec(value ?? '');
    if (match === null) throw new PlaylistError('extinf', PLACE, line, 'EXTINF has no duration');
    this.#next.duration = once(this.#next.duration, Number(match[1]), '#EXTINF', PLACE, line);
    this.#next.title = match[2] ?? '';
  }

  #mustComeFirst(name: string, line: number): void {
    if (this.#segments.length > 0) throw new PlaylistError('order', PLACE, line, `${name} after a segment`);
  }
}

/** Those of these lists that have anything in them. */
function listed<Lists extends Readonly<Record<string, readonly unknown[]>>>(lists: Lists): Partial<Lists> {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)) as Partial<Lists>;
}

function parseDateTime(text: string, line: number): number {
  if (!isDateTime(text)) throw new PlaylistError('date-time', PLACE, line, 'no ISO 8601 date and time with zone');
  return Date.parse(text);
}

function parseMap(list: AttributeList, line: number): InitializationSection {
  const range = list.quoted('BYTERANGE');
  return {
    uri: list.required('URI', list.quoted('URI')),
    byteRange: range === undefined ? undefined : parseByteRange(range, line),
  };
}

/**
 * Reads a media playlist. Tags that it does not know are kept.
 * @throws PlaylistError with the line number for anything that section 4 does not allow
 */
export function parseMediaPlaylist(text: string): MediaPlaylist {
  const parser = new MediaPlaylistParser();
  for (const line of readPlaylistLines(text, PLACE)) {
    if (line.kind === 'tag') parser.tag(line.name, line.value, line.line);
    else parser.uri(line.uri, line.line);
  }
  return parser.finish();
}
