// Haivision's "SRT Access Control Guidelines", and the short form that encoders are given by other servers.

/** What a caller wants of a stream. */
export interface StreamId {
  readonly mode: 'publish' | 'request';
  /** The name of the resource: `r=`, or what follows `publish:`. */
  readonly resource: string;
  /** The user, where one is named. */
  readonly user: string | undefined;
  /** What follows `?` in the short form, or the fields that are not standard. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Section 3.2.1.3 of the draft: "the maximum allowed size of the Stream ID extension is 512 bytes". */
export const MAX_STREAM_ID_BYTES = 512;

const STANDARD = '#!::';
const MODES: Readonly<Record<string, StreamId['mode']>> = { publish: 'publish', request: 'request', play: 'request' };

/**
 * Also where it is percent-encoded: it stands in addresses, and ffmpeg sends it as it was typed there.
 *
 * @returns undefined for what is in neither form, or asks for both directions
 */
export const parseStreamId = (text: string): StreamId | undefined => parse(percentDecoded(text)) ?? parse(text);

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}

function parse(text: string): StreamId | undefined {
  if (text.startsWith(STANDARD)) {
    const parameters = pairsOf(text.slice(STANDARD.length), ',');
    // "m: mode expected for this connection: request (default)".
    const mode = MODES[parameters.get('m') ?? 'request'];
    const user = parameters.get('u') || undefined;
    const resource = parameters.get('r') ?? '';
    for (const name of ['m', 'u', 'r']) parameters.delete(name);
    return mode && { mode, resource, user, parameters };
  }
  const at = text.indexOf(':');
  const mode = at < 0 ? undefined : MODES[text.slice(0, at)];
  const [resource = '', ...rest] = text.slice(at + 1).split('?');
  return mode && { mode, resource, user: undefined, parameters: pairsOf(rest.join('?'), '&') };
}

function pairsOf(text: string, separator: string): Map<string, string> {
  return new Map(
    text
      .split(separator)
      .filter((pair) => pair !== '')
      .map((pair) => {
        const at = pair.indexOf('=');
        return at < 0 ? ([pair, ''] as const) : ([pair.slice(0, at), pair.slice(at + 1)] as const);
      }),
  );
}
