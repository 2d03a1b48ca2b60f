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

/**
 * Finds the key in an address. Understood, with any slashes around and percent-encoding:
 *
 * | app | stream name |
 * | --- | --- |
 * | `live` | `<key>`, `<key>?bandwidthtest=1` (OBS), `?key=<key>` |
 * | `live/<key>` | empty |
 * | `live?key=<key>`, `live/?key=<key>` | empty, or any name |
 * | `<key>`, or empty | empty, or `<key>`, or `live/<key>` |
 *
 * A `key` parameter wins over a place in the path; of two, that of the stream name.
 * @param defaultApp the app that is meant where none is named; never taken for a key.
 */
export function resolvePublishTarget(
  { app, streamName }: PublishAddress,
  defaultApp = 'live',
): PublishTarget | PublishTargetFault {
  const appParts = splitAddress(app);
  const nameParts = splitAddress(streamName);
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
  const segments: string[] = [];
  for (const segment of [...appParts.segments, ...nameParts.segments]) {
    const decoded = decode(segment);
    if (decoded === undefined) return badEncoding();
    segments.push(decoded);
  }
  return takeKey(segments, nameParts.segments.length > 0, query, defaultApp);
}

function takeKey(
  segments: string[],
  hasName: boolean,
  query: Map<string, string>,
  defaultApp: string,
): PublishTarget | PublishTargetFault {
  const parameter = query.get('key');
  query.delete('key');
  let key: string | undefined;
  if (parameter !== undefined && parameter !== '') {
    // A stream name beside the parameter is decoration.
    if (hasName) segments.pop();
    key = parameter;
  } else if (hasName || segments.length > 1 || segments[0] !== defaultApp) {
    key = segments.pop();
  }
  if (key === undefined) return fault('missing-key', 'the address has no stream key');
  if (!KEY.test(key)) return fault('bad-key', 'the stream key has characters that no key has');
  const isApp = segments.length <= MAX_APP_SEGMENTS && segments.every((segment) => APP_SEGMENT.test(segment));
  if (!isApp) return fault('bad-app', 'the application name has characters that none has');
  return { app: segments.length === 0 ? defaultApp : segments.join('/'), key, query };
}

interface AddressParts {
  /** Not yet percent-decoded, so that an encoded slash does not become one. */
  readonly segments: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
}

function splitAddress(text: string): AddressParts {
  const [path = '', ...queries] = text.split('?');
  const pairs = queries
    .join('&')
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    });
  return { segments: path.split('/').filter((segment) => segment !== ''), pairs };
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
