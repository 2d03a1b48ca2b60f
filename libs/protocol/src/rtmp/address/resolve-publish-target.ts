// What a newcomer types into an encoder, and what becomes of it on the wire: app and stream name, in every mixture.

/** App and stream name as the client sent them, queries included. */
export interface PublishAddress {
  readonly app: string;
  readonly streamName: string;
}

/** Which stream is meant. All parts are safe to put into a path, a subject or a key: letters, digits, `_`, `-`, and `.` inside the app. */
export interface PublishTarget {
  readonly app: string;
  /** The stream key, or the playback id of who wants to play. */
  readonly key: string;
  /** Parameters of app and stream name, `key` excluded; the values are the client's own text. */
  readonly query: ReadonlyMap<string, string>;
}

export interface PublishTargetFault {
  readonly fault: 'missing-key' | 'bad-key' | 'bad-app' | 'bad-encoding' | 'too-many-parameters';
  /** For the person at the encoder. */
  readonly description: string;
}

const KEY = /^[A-Za-z0-9_-]{1,128}$/;
const APP_SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/;
const MAX_APP_SEGMENTS = 4;
const MAX_PARAMETERS = 32;
/** Blanks of every kind, those without a width included, and quotes: what is copied along with a key. */
const AROUND = /^[\s\u200b-\u200d\u2060"'\u201c\u201d]+|[\s\u200b-\u200d\u2060"'\u201c\u201d]+$/gu;
/** Flash Media Server and Wowza name the kind of a stream in front of it, and its file behind it. */
const KIND_BEFORE = /^(?:mp4|flv|mp3|f4v|smil|rtp|sdp|amlst|ngrp):/i;
const KIND_AFTER = /\.(?:stream|live|flv|mp4|f4v|m4v|mov|sdp|smil|m3u8|ts)$/i;
/** Wowza's name for an application's only instance. */
const DEFAULT_INSTANCE = '_definst_';
const WHOLE_ADDRESS = /^rtmp[a-z]*:\/\/[^/?]*/i;

/**
 * Finds the key in an address. Understood, with any slashes and blanks around and percent-encoding:
 *
 * | app | stream name |
 * | --- | --- |
 * | `live` | `<key>`, `<key>?bandwidthtest=1` (OBS), `?key=<key>`, `key=<key>` |
 * | `live` | `mp4:<key>`, `<key>.stream`, and other kinds before and behind; the whole address `rtmp://host/live/<key>` |
 * | `live/<key>` | empty |
 * | `live?key=<key>`, `live/?key=<key>` | empty, or any name |
 * | `<key>`, or empty | empty, or `<key>`, or `live/<key>` |
 *
 * A `key` parameter wins over a place in the path; of two, that of the stream name. Where neither is one that `isKey` knows, the
 * first value or name of another parameter is taken that it does (`?token=<key>`, `?<key>`), then another part of the path
 * (`<key>/camera1`).
 * @param defaultApp the app that is meant where none is named; never taken for a key.
 * @param isKey tells a key from decoration; without it the key is looked for in its usual places alone.
 */
export function resolvePublishTarget(
  { app, streamName }: PublishAddress,
  defaultApp = 'live',
  isKey: (text: string) => boolean = () => false,
): PublishTarget | PublishTargetFault {
  const name = streamName.replace(AROUND, '');
  const isWhole = WHOLE_ADDRESS.test(name);
  const appParts = splitAddress(isWhole ? '' : app);
  const nameParts = splitAddress(name.replace(WHOLE_ADDRESS, ''));
  const query = new Map<string, string>();
  const pairs = [...appParts.pairs, ...nameParts.pairs];
  if (pairs.length > MAX_PARAMETERS) {
    return fault('too-many-parameters', `the address has more than ${MAX_PARAMETERS} parameters`);
  }
  for (const [name, value] of pairs) {
    const decoded = { name: decode(name), value: decode(value) };
    if (decoded.name === undefined || decoded.value === undefined) return badEncoding();
    query.set(decoded.name, decoded.value);
  }
  const appSegments = decodeSegments(appParts.segments);
  const nameSegments = decodeSegments(nameParts.segments);
  if (appSegments === undefined || nameSegments === undefined) return badEncoding();
  return takeKey(
    { segments: [...appSegments, ...nameSegments], hasName: nameSegments.length > 0, query, defaultApp },
    isKey,
  );
}

interface DecodedAddress {
  readonly segments: readonly string[];
  /** Whether the last segment is the stream name's. */
  readonly hasName: boolean;
  readonly query: Map<string, string>;
  readonly defaultApp: string;
}

/** A key in its place: what is left beside it is the app, and the other parameters. */
interface Candidate {
  readonly key: string;
  readonly app: readonly string[];
  /** The parameter that it came from. */
  readonly parameter?: string;
}

function takeKey(address: DecodedAddress, isKey: (text: string) => boolean): PublishTarget | PublishTargetFault {
  const { query, defaultApp } = address;
  const usual = usualPlaces(address);
  const taken = [...usual, ...otherPlaces(address)].find(({ key }) => isKey(key)) ?? usual[0];
  query.delete('key');
  if (taken === undefined) return fault('missing-key', 'the address has no stream key');
  if (taken.parameter !== undefined) query.delete(taken.parameter);
  const { key, app } = taken;
  if (!KEY.test(key)) return fault('bad-key', 'the stream key contains invalid characters');
  const isApp = app.length <= MAX_APP_SEGMENTS && app.every((segment) => APP_SEGMENT.test(segment));
  if (!isApp) return fault('bad-app', 'the application name contains invalid characters');
  return { app: app.length === 0 ? defaultApp : app.join('/'), key, query };
}

/** The `key` parameter, then the end of the path. */
function usualPlaces({ segments, hasName, query, defaultApp }: DecodedAddress): readonly Candidate[] {
  const places: Candidate[] = [];
  const named = query.get('key');
  if (named !== undefined && named !== '') places.push({ key: bare(named), app: beside(segments, hasName) });
  const last = segments.at(-1);
  const isPlace = hasName || segments.length > 1 || last !== defaultApp;
  if (last !== undefined && isPlace) places.push({ key: bare(last), app: segments.slice(0, -1) });
  return places;
}

function otherPlaces({ segments, hasName, query }: DecodedAddress): readonly Candidate[] {
  const app = beside(segments, hasName);
  const pairs = [...query];
  return [
    ...pairs.map(([parameter, value]) => ({ key: bare(value), app, parameter })),
    ...pairs.map(([parameter]) => ({ key: bare(parameter), app, parameter })),
    ...segments.map((segment, index) => ({ key: bare(segment), app: segments.slice(0, index) })),
  ];
}

/** The app beside a key that is a parameter: a stream name is decoration then. */
const beside = (segments: readonly string[], hasName: boolean): readonly string[] =>
  hasName ? segments.slice(0, -1) : segments;

/** A key without the text around it. */
const bare = (text: string): string => text.replace(AROUND, '').replace(KIND_BEFORE, '').replace(KIND_AFTER, '');

interface AddressParts {
  /** Not yet percent-decoded, so that an encoded slash does not become one. */
  readonly segments: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
}

function splitAddress(text: string): AddressParts {
  const [path = '', ...queries] = text.split(/[?&]/);
  const parts = path.split('/').filter((part) => part !== '');
  const isPair = (part: string): boolean => part.includes('=');
  const pairs = [...parts.filter(isPair), ...queries.filter((pair) => pair !== '')].map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return { segments: parts.filter((part) => !isPair(part)), pairs };
}

/** @returns undefined when one of them is encoded wrongly */
function decodeSegments(encoded: readonly string[]): readonly string[] | undefined {
  const segments: string[] = [];
  for (const segment of encoded) {
    const decoded = decode(segment)?.replace(AROUND, '');
    if (decoded === undefined) return undefined;
    if (decoded !== '' && decoded !== DEFAULT_INSTANCE) segments.push(decoded);
  }
  return segments;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function fault(code: PublishTargetFault['fault'], description: string): PublishTargetFault {
  return { fault: code, description };
}

function badEncoding(): PublishTargetFault {
  return fault('bad-encoding', 'the address has a percent sign that encodes nothing');
}
