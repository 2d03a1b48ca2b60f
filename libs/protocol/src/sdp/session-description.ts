// RFC 8866: what of a session description says which media there are and how they are packed.
import { ProtocolError } from '../bytes/index.ts';

/** Bounds on what a peer may describe. */
export const SDP_LIMITS = {
  maxBytes: 64 * 1024,
  maxLines: 1_000,
  maxLineBytes: 4 * 1024,
  maxMedia: 16,
  maxFormats: 32,
};

export interface SdpFormat {
  /** The payload type, 0 to 127. */
  readonly payloadType: number;
  /** In upper case, such as `H264`; undefined without an `rtpmap`, as static payload types have it. */
  readonly encoding: string | undefined;
  readonly clockRate: number | undefined;
  /** The encoding parameters: of audio, the number of channels. */
  readonly channels: number | undefined;
  /** Of `fmtp`, by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface SdpMedia {
  /** `video`, `audio`, `application` and so on. */
  readonly kind: string;
  /** Such as `RTP/AVP`. */
  readonly protocol: string;
  readonly formats: readonly SdpFormat[];
  /** Where a client sets the media up (RFC 2326 appendix C.1.1); undefined when it is not said. */
  readonly control: string | undefined;
}

export interface SessionDescription {
  /** Of the whole session. */
  readonly control: string | undefined;
  readonly media: readonly SdpMedia[];
}

interface RtpMap {
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number | undefined;
}

/** A media description that is being read. */
interface OpenMedia {
  readonly kind: string;
  readonly protocol: string;
  readonly payloadTypes: readonly number[];
  readonly maps: Map<number, RtpMap>;
  readonly parameters: Map<number, Map<string, string>>;
  control: string | undefined;
}

/**
 * Lines that say nothing of media are passed over, whatever they hold. Lines may end in a line feed alone.
 * @throws ProtocolError
 */
export function parseSessionDescription(bytes: Uint8Array): SessionDescription {
  if (bytes.length > SDP_LIMITS.maxBytes) refuse('too-large', `more than ${SDP_LIMITS.maxBytes} bytes`);
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').split(/\r?\n/);
  if (lines.length > SDP_LIMITS.maxLines) refuse('too-large', `more than ${SDP_LIMITS.maxLines} lines`);
  // Section 5.1: "The "v=" line" is the first one.
  if (lines[0]?.trim() !== 'v=0') refuse('malformed', 'it does not begin with v=0');
  const media: OpenMedia[] = [];
  let control: string | undefined;
  for (const line of lines) {
    if (line.length > SDP_LIMITS.maxLineBytes)
      refuse('too-large', `a line of more than ${SDP_LIMITS.maxLineBytes} bytes`);
    if (line.includes('\0')) refuse('malformed', 'a NUL');
    const current = media.at(-1);
    if (line.startsWith('m=')) {
      if (media.length >= SDP_LIMITS.maxMedia) refuse('too-large', `more than ${SDP_LIMITS.maxMedia} media`);
      media.push(openMedia(line.slice(2)));
    } else if (line.startsWith('a=control:')) {
      const value = line.slice('a=control:'.length).trim();
      if (current === undefined) control = value;
      else current.control ??= value;
    } else if (current !== undefined && line.startsWith('a=rtpmap:')) {
      readRtpMap(current, line.slice('a=rtpmap:'.length));
    } else if (current !== undefined && line.startsWith('a=fmtp:')) {
      readParameters(current, line.slice('a=fmtp:'.length));
    }
  }
  return { control, media: media.map(closeMedia) };
}

/** Section 5.14: `m=<media> <port> <proto> <fmt> ...` */
function openMedia(text: string): OpenMedia {
  const [kind = '', port = '', protocol = '', ...formats] = text.trim().split(/\s+/);
  if (!/^[\w-]{1,32}$/.test(kind)) refuse('malformed', 'a medium without a name');
  if (!/^\d{1,5}(\/\d{1,5})?$/.test(port) || Number(port.split('/')[0]) > 65_535) refuse('malformed', 'not a port');
  if (formats.length > SDP_LIMITS.maxFormats) refuse('too-large', `more than ${SDP_LIMITS.maxFormats} formats`);
  const payloadTypes = formats.map(payloadTypeOf).filter((type) => type !== undefined);
  const isRtp = protocol.toUpperCase().startsWith('RTP/');
  return {
    kind: kind.toLowerCase(),
    protocol: protocol.toUpperCase(),
    payloadTypes: isRtp ? payloadTypes : [],
    maps: new Map(),
    parameters: new Map(),
    control: undefined,
  };
}

function payloadTypeOf(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) < 128 ? Number(text) : undefined;
}

/** Section 6.6: `<payload type> <encoding name>/<clock rate>[/<encoding parameters>]` */
function readRtpMap(media: OpenMedia, text: string): void {
  const [, type = '', encoding, rate, channels] =
    /^(\d{1,3})\s+([\w.+-]{1,64})\/(\d{1,9})(?:\/(\d{1,3}))?\s*$/.exec(text.trim()) ?? [];
  const payloadType = payloadTypeOf(type);
  if (payloadType === undefined || encoding === undefined || !media.payloadTypes.includes(payloadType)) return;
  if (Number(rate) === 0) refuse('malformed', 'a clock rate of 0');
  media.maps.set(payloadType, {
    encoding: encoding.toUpperCase(),
    clockRate: Number(rate),
    channels: channels === undefined ? undefined : Number(channels),
  });
}

/** Section 6.15; parameters are separated by semicolons. */
function readParameters(media: OpenMedia, text: string): void {
  const [, type = '', list = ''] = /^(\d{1,3})\s+(.*)$/.exec(text.trim()) ?? [];
  const payloadType = payloadTypeOf(type);
  if (payloadType === undefined || !media.payloadTypes.includes(payloadType)) return;
  const parameters = media.parameters.get(payloadType) ?? new Map<string, string>();
  media.parameters.set(payloadType, parameters);
  for (const part of list.split(';')) {
    const at = part.indexOf('=');
    const name = (at < 0 ? part : part.slice(0, at)).trim().toLowerCase();
    if (name !== '' && !parameters.has(name)) parameters.set(name, at < 0 ? '' : part.slice(at + 1).trim());
  }
}

function closeMedia({ kind, protocol, payloadTypes, maps, parameters, control }: OpenMedia): SdpMedia {
  const formats = payloadTypes.map((payloadType) => ({
    payloadType,
    encoding: maps.get(payloadType)?.encoding,
    clockRate: maps.get(payloadType)?.clockRate,
    channels: maps.get(payloadType)?.channels,
    parameters: parameters.get(payloadType) ?? new Map<string, string>(),
  }));
  return { kind, protocol, formats, control };
}

function refuse(code: 'malformed' | 'too-large', detail: string): never {
  throw new ProtocolError(`sdp.${code}`, 'sdp', detail);
}

export interface MediaToFormat {
  readonly kind: 'video' | 'audio';
  readonly payloadType: number;
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels?: number | undefined;
  /** Of `fmtp`; none when it is empty. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly control: string;
}

export interface SessionToFormat {
  /** Numbers that name the session and its version (section 5.2). */
  readonly sessionId: number;
  /** Where it comes from: an IP address. */
  readonly address: string;
  readonly name: string;
  readonly media: readonly MediaToFormat[];
}

export function formatSessionDescription({ sessionId, address, name, media }: SessionToFormat): Buffer {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const lines = [
    'v=0',
    `o=- ${sessionId} ${sessionId} IN ${family} ${address}`,
    `s=${name}`,
    `c=IN ${family} ${family === 'IP6' ? '::' : '0.0.0.0'}`,
    't=0 0',
    'a=control:*',
    // RFC 2326 appendix C.1.5: live, so that there is no end.
    'a=range:npt=now-',
    ...media.flatMap(mediaLines),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8');
}

function mediaLines({
  kind,
  payloadType,
  encoding,
  clockRate,
  channels,
  parameters,
  control,
}: MediaToFormat): string[] {
  const fmtp = parameters.map(([name, value]) => `${name}=${value}`).join('; ');
  return [
    // RFC 2326 appendix C.1.4: the port is 0, since the client says it.
    `m=${kind} 0 RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${encoding}/${clockRate}${channels === undefined ? '' : `/${channels}`}`,
    ...(fmtp === '' ? [] : [`a=fmtp:${payloadType} ${fmtp}`]),
    `a=control:${control}`,
  ];
}
