// RFC 8216 section 4.3.4 and draft-pantos-hls-rfc8216bis section 4.4.6: the multivariant playlist.
import type { AttributeList, Resolution } from './attribute-list.ts';
import { AttributeWriter } from './attribute-list.ts';
import type { Define } from './define.ts';
import type { EncryptionKey, StartPoint } from './shared-tags.ts';

/** EXT-X-STREAM-INF and its URI, or EXT-X-I-FRAME-STREAM-INF. */
export interface Variant {
  readonly uri: string;
  /** Peak bits per second of segments. */
  readonly bandwidth: number;
  readonly averageBandwidth: number | undefined;
  readonly codecs: readonly string[] | undefined;
  readonly resolution: Resolution | undefined;
  readonly frameRate: number | undefined;
  readonly hdcpLevel: string | undefined;
  /** SDR, HLG or PQ. */
  readonly videoRange?: string | undefined;
  /** Of two variants that a client can play, the one with the higher score is the better one. */
  readonly score?: number | undefined;
  readonly stableVariantId?: string | undefined;
  /** Group ids of renditions. */
  readonly audio: string | undefined;
  readonly video: string | undefined;
  readonly subtitles: string | undefined;
  /** A group id; `null` says CLOSED-CAPTIONS=NONE. */
  readonly closedCaptions: string | null | undefined;
}

/** EXT-X-MEDIA. */
export interface Rendition {
  readonly type: 'AUDIO' | 'VIDEO' | 'SUBTITLES' | 'CLOSED-CAPTIONS';
  readonly groupId: string;
  readonly name: string;
  readonly uri: string | undefined;
  readonly language: string | undefined;
  readonly associatedLanguage: string | undefined;
  readonly isDefault: boolean;
  readonly autoselect: boolean;
  readonly forced: boolean;
  readonly instreamId: string | undefined;
  readonly characteristics: string | undefined;
  readonly channels: string | undefined;
  readonly stableRenditionId?: string | undefined;
}

/** EXT-X-SESSION-DATA. */
export interface SessionData {
  readonly dataId: string;
  readonly value: string | undefined;
  readonly uri: string | undefined;
  readonly language: string | undefined;
}

export interface MultivariantPlaylist {
  readonly version: number;
  /** EXT-X-DEFINE: variables, in their order. None is imported. */
  readonly defines?: readonly Define[] | undefined;
  readonly independentSegments: boolean;
  readonly start: StartPoint | undefined;
  readonly renditions: readonly Rendition[];
  readonly variants: readonly Variant[];
  readonly iFrameVariants: readonly Variant[];
  readonly sessionData: readonly SessionData[];
  readonly sessionKeys: readonly EncryptionKey[];
  /** Tags this library does not know, whole lines. */
  readonly otherTags: readonly string[];
}

/** Section 4.3.4.1: where captions are in the video of H.264 and its like. */
const INSTREAM_ID = /^(?:CC[1-4]|SERVICE(?:[1-9]|[1-5]\d|6[0-3]))$/;
const RENDITION_TYPES = ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'] as const;

/** Reads the attributes that EXT-X-STREAM-INF and EXT-X-I-FRAME-STREAM-INF share. */
export function parseVariant(list: AttributeList, uri: string): Variant {
  // CLOSED-CAPTIONS is a quoted group id or the bare word NONE.
  const none = list.isPlain('CLOSED-CAPTIONS') && list.enumerated('CLOSED-CAPTIONS') === 'NONE';
  return {
    uri,
    bandwidth: list.required('BANDWIDTH', list.integer('BANDWIDTH')),
    averageBandwidth: list.integer('AVERAGE-BANDWIDTH'),
    codecs: list
      .quoted('CODECS')
      ?.split(',')
      .map((codec) => codec.trim()),
    resolution: list.resolution('RESOLUTION'),
    frameRate: list.float('FRAME-RATE'),
    hdcpLevel: list.enumerated('HDCP-LEVEL'),
    videoRange: list.enumerated('VIDEO-RANGE'),
    score: list.float('SCORE'),
    stableVariantId: list.quoted('STABLE-VARIANT-ID'),
    audio: list.quoted('AUDIO'),
    video: list.quoted('VIDEO'),
    subtitles: list.quoted('SUBTITLES'),
    closedCaptions: none ? null : list.quoted('CLOSED-CAPTIONS'),
  };
}

/** Writes those attributes. */
export function formatVariant(variant: Variant): AttributeWriter {
  const list = new AttributeWriter()
    .integer('BANDWIDTH', variant.bandwidth)
    .integer('AVERAGE-BANDWIDTH', variant.averageBandwidth)
    .quoted('CODECS', variant.codecs?.join(','))
    .resolution('RESOLUTION', variant.resolution)
    .float('FRAME-RATE', variant.frameRate)
    .enumerated('HDCP-LEVEL', variant.hdcpLevel)
    .enumerated('VIDEO-RANGE', variant.videoRange)
    .float('SCORE', variant.score)
    .quoted('STABLE-VARIANT-ID', variant.stableVariantId)
    .quoted('AUDIO', variant.audio)
    .quoted('VIDEO', variant.video)
    .quoted('SUBTITLES', variant.subtitles);
  return variant.closedCaptions === null
    ? list.enumerated('CLOSED-CAPTIONS', 'NONE')
    : list.quoted('CLOSED-CAPTIONS', variant.closedCaptions);
}

export function parseRendition(list: AttributeList): Rendition {
  const name = list.required('TYPE', list.enumerated('TYPE'));
  const type = RENDITION_TYPES.find((known) => known === name);
  if (type === undefined) throw list.wrong('unknown TYPE');
  checkRendition(list, type);
  return {
    type,
    groupId: list.required('GROUP-ID', list.quoted('GROUP-ID')),
    name: list.required('NAME', list.quoted('NAME')),
    uri: list.quoted('URI'),
    language: list.quoted('LANGUAGE'),
    associatedLanguage: list.quoted('ASSOC-LANGUAGE'),
    isDefault: list.yes('DEFAULT'),
    autoselect: list.yes('AUTOSELECT'),
    forced: list.yes('FORCED'),
    instreamId: list.quoted('INSTREAM-ID'),
    characteristics: list.quoted('CHARACTERISTICS'),
    channels: list.quoted('CHANNELS'),
    stableRenditionId: list.quoted('STABLE-RENDITION-ID'),
  };
}

/** What section 4.3.4.1 asks of attributes that depend on the type and on each other. */
function checkRendition(list: AttributeList, type: Rendition['type']): void {
  const has = (name: string): boolean => list.names.includes(name);
  if (type === 'CLOSED-CAPTIONS') {
    if (has('URI')) throw list.wrong('CLOSED-CAPTIONS with a URI');
    const instreamId = list.required('INSTREAM-ID', list.quoted('INSTREAM-ID'));
    if (!INSTREAM_ID.test(instreamId)) throw list.wrong('unknown INSTREAM-ID');
  } else if (has('INSTREAM-ID')) {
    throw list.wrong(`INSTREAM-ID with ${type}`);
  }
  if (type === 'SUBTITLES') list.required('URI', list.quoted('URI'));
  else if (has('FORCED')) throw list.wrong(`FORCED with ${type}`);
  // "If the AUTOSELECT attribute is present, its value MUST be YES if the value of the DEFAULT attribute is YES."
  if (list.yes('DEFAULT') && has('AUTOSELECT') && !list.yes('AUTOSELECT'))
    throw list.wrong('DEFAULT without AUTOSELECT');
}

export function formatRendition(rendition: Rendition): string {
  const list = new AttributeWriter()
    .enumerated('TYPE', rendition.type)
    .quoted('GROUP-ID', rendition.groupId)
    .quoted('NAME', rendition.name)
    .quoted('URI', rendition.uri)
    .quoted('LANGUAGE', rendition.language)
    .quoted('ASSOC-LANGUAGE', rendition.associatedLanguage)
    .yes('DEFAULT', rendition.isDefault)
    .yes('AUTOSELECT', rendition.autoselect)
    .yes('FORCED', rendition.forced)
    .quoted('INSTREAM-ID', rendition.instreamId)
    .quoted('CHARACTERISTICS', rendition.characteristics)
    .quoted('CHANNELS', rendition.channels)
    .quoted('STABLE-RENDITION-ID', rendition.stableRenditionId);
  return `#EXT-X-MEDIA:${list.toString()}`;
}

export function parseSessionData(list: AttributeList): SessionData {
  const data = {
    dataId: list.required('DATA-ID', list.quoted('DATA-ID')),
    value: list.quoted('VALUE'),
    uri: list.quoted('URI'),
    language: list.quoted('LANGUAGE'),
  };
  // "MUST contain either a VALUE or URI attribute, but not both" (section 4.3.4.4).
  if ((data.value === undefined) === (data.uri === undefined)) throw list.wrong('either VALUE or URI');
  return data;
}

export function formatSessionData(data: SessionData): string {
  const list = new AttributeWriter()
    .quoted('DATA-ID', data.dataId)
    .quoted('VALUE', data.value)
    .quoted('URI', data.uri)
    .quoted('LANGUAGE', data.language);
  return `#EXT-X-SESSION-DATA:${list.toString()}`;
}
