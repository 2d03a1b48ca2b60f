// RFC 2326 section 12.39: the Transport header.

export interface RtspTransport {
  /** `other`: a profile or lower transport that is not known here, such as RTP/SAVP. */
  readonly protocol: 'tcp' | 'udp' | 'other';
  readonly isMulticast: boolean;
  /** Channels of the connection for RTP and for RTCP. */
  readonly interleaved: readonly [rtp: number, rtcp: number] | undefined;
  readonly clientPort: readonly [rtp: number, rtcp: number] | undefined;
  /** Where the client wants the media to be sent. */
  readonly destination: string | undefined;
  readonly isRecord: boolean;
}

/** More than a client lists; the rest is not read. */
const MAX_TRANSPORTS = 8;

const PROTOCOLS: Readonly<Record<string, RtspTransport['protocol']>> = {
  'RTP/AVP': 'udp',
  'RTP/AVP/UDP': 'udp',
  'RTP/AVP/TCP': 'tcp',
};

/** In the order of the client's preference. What cannot be read is left out. */
export function parseTransports(header: string): RtspTransport[] {
  return header
    .split(',', MAX_TRANSPORTS)
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(parseTransport)
    .filter((transport) => transport !== undefined);
}

function parseTransport(text: string): RtspTransport | undefined {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim());
  const values = new Map<string, string>();
  for (const parameter of parameters) {
    const at = parameter.indexOf('=');
    const key = (at < 0 ? parameter : parameter.slice(0, at)).toLowerCase();
    // The first one counts: a second one is an attempt to be understood in two ways.
    if (!values.has(key)) values.set(key, at < 0 ? '' : parameter.slice(at + 1).replaceAll('"', ''));
  }
  const interleaved = rangeOf(values.get('interleaved'), 0, 255);
  const clientPort = rangeOf(values.get('client_port'), 1, 65_535);
  if (interleaved === 'malformed' || clientPort === 'malformed') return undefined;
  return {
    protocol: PROTOCOLS[name.toUpperCase()] ?? 'other',
    isMulticast: values.has('multicast'),
    interleaved,
    clientPort,
    destination: values.get('destination'),
    isRecord: /^(record|receive)$/i.test(values.get('mode') ?? ''),
  };
}

/** `4588-4589`, or the first number alone: the second is then the next one. */
function rangeOf(
  text: string | undefined,
  min: number,
  max: number,
): readonly [number, number] | undefined | 'malformed' {
  if (text === undefined) return undefined;
  const [, first, second] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined) return 'malformed';
  const from = Number(first);
  const to = second === undefined ? from + 1 : Number(second);
  return from < min || to > max || to === from ? 'malformed' : [from, to];
}
