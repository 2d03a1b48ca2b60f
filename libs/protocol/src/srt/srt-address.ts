// The address that a caller is given, as ffmpeg, OBS and srt-live-transmit write it: `srt://host:port?streamid=…&passphrase=…&latency=…`.
import { parseTypedUrl } from '../bytes/index.ts';
import { isKeyBytes } from './key-material.ts';
import type { KeyBytes } from './key-material.ts';
import { MAX_STREAM_ID_BYTES } from './stream-id.ts';

export interface SrtAddress {
  /** A name, or an address without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  readonly streamId: string | undefined;
  readonly passphrase: string | undefined;
  readonly latencyMs: number | undefined;
  /** Length of the key that is encrypted with (`pbkeylen`). */
  readonly keyBytes: KeyBytes | undefined;
  /** The address without the stream id and the passphrase, which are secrets. */
  readonly place: string;
}

/** libsrt takes no shorter or longer ones. */
export const PASSPHRASE_LENGTH = { min: 10, max: 79 } as const;
/** The longest latency that is asked for. */
const MAX_LATENCY_MS = 8_000;
/** ffmpeg and OBS count `latency` in microseconds, everything else in milliseconds: from here on it is microseconds. */
const MICROSECONDS_FROM = 10_000;

/** @returns what is wrong with it, for its author, when it cannot be called */
export function parseSrtAddress(text: string): SrtAddress | string {
  // Stream ids are typed as they are: `#!::r=…` is no fragment.
  const [, place, query = ''] = /^srt:\/\/([^/?#]*)\/?(?:\?(.*))?$/i.exec(text) ?? [];
  if (place === undefined) return 'must be an address such as srt://HOST:PORT?streamid=…';
  if (place.includes('@')) return 'must not contain a user name or password';
  const typed = parseTypedUrl(text.replaceAll('#', '%23'));
  if (typeof typed === 'string') return typed;
  const { url, host } = typed;
  if (url.port === '') return 'must name a port';
  const values = parametersOf(query);
  const mode = values.get('mode');
  if (mode !== undefined && mode !== 'caller') return 'must not have another mode than caller: this server calls';
  const streamId = values.get('streamid');
  if (streamId !== undefined && Buffer.byteLength(streamId) > MAX_STREAM_ID_BYTES)
    return `must not have a stream id of more than ${MAX_STREAM_ID_BYTES} bytes`;
  const passphrase = values.get('passphrase') || undefined;
  if (passphrase !== undefined && !isPassphrase(passphrase)) return `must not have a passphrase that ${NO_PASSPHRASE}`;
  const latency = numberOf(values.get('latency'));
  const latencyMs = latency >= MICROSECONDS_FROM ? Math.round(latency / 1_000) : latency;
  if (Number.isNaN(latency) || latencyMs > MAX_LATENCY_MS) return `must have a latency of at most ${MAX_LATENCY_MS} ms`;
  const keyBytes = numberOf(values.get('pbkeylen'));
  if (keyBytes > 0 && !isKeyBytes(keyBytes)) return 'must have a pbkeylen of 16, 24 or 32';
  const shown = [...(latencyMs > 0 ? [`latency=${latencyMs}`] : []), ...(keyBytes > 0 ? [`pbkeylen=${keyBytes}`] : [])];
  return {
    host,
    port: Number(url.port),
    streamId: streamId || undefined,
    passphrase,
    latencyMs: latencyMs || undefined,
    keyBytes: isKeyBytes(keyBytes) ? keyBytes : undefined,
    place: `srt://${url.host}${shown.length === 0 ? '' : `?${shown.join('&')}`}`,
  };
}

export const isPassphrase = (text: string): boolean =>
  Buffer.byteLength(text) >= PASSPHRASE_LENGTH.min && Buffer.byteLength(text) <= PASSPHRASE_LENGTH.max;
const NO_PASSPHRASE = `is shorter than ${PASSPHRASE_LENGTH.min} bytes or longer than ${PASSPHRASE_LENGTH.max}`;

const numberOf = (text = '0'): number => (/^\d{1,9}$/.test(text) ? Number(text) : NaN);

/** What comes after the first `=` of each, percent-decoded where it can be. */
function parametersOf(query: string): Map<string, string> {
  return new Map(
    query.split('&').map((pair) => {
      const at = pair.indexOf('=');
      return at < 0
        ? ([pair.toLowerCase(), ''] as const)
        : ([pair.slice(0, at).toLowerCase(), decoded(pair.slice(at + 1))] as const);
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A percent sign that stands for itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}
