// The address of a simulcast target as its users type it, of each protocol: what of it is shown, what is secret, and where it leads.
import { MAX_TARGET_KEY_LENGTH, MAX_TARGET_LOGIN_LENGTH, MAX_TARGET_URL_LENGTH } from '@millrace/control';
import type { TargetLogin } from '@millrace/control';
import { parseTypedUrl } from '@millrace/protocol/bytes';
import { parsePushUrl, splitStreamKey } from '@millrace/protocol/rtmp';
import type { TypedUrl } from '@millrace/protocol/bytes';
import type { PushUrl } from '@millrace/protocol/rtmp';
import type { RtspCredentials } from '@millrace/protocol/rtsp';
import { isPassphrase, parseSrtAddress, PASSPHRASE_LENGTH } from '@millrace/protocol/srt';
import type { SrtAddress } from '@millrace/protocol/srt';

/** Where a stream is pushed to. */
export type TargetPlace = {
  /** A name, or an address without the brackets of IPv6. */
  readonly host: string;
  /** Whether what is sent can be read on the way. */
  readonly isEncrypted: boolean;
} & (
  | { readonly protocol: 'rtmp'; readonly url: PushUrl; readonly streamKey: string }
  | { readonly protocol: 'srt'; readonly url: SrtAddress; readonly streamId: string; readonly passphrase?: string }
  | {
      readonly protocol: 'rtsp';
      /** With the stream key, without credentials. */
      readonly url: string;
      readonly port: number;
      readonly streamKey: string;
      readonly credentials?: RtspCredentials;
    }
);

/** What is kept of a target: `url` is shown, and the rest is secret. */
export interface KeptTarget {
  readonly url: string;
  /** Of SRT the stream id, which may be empty. */
  readonly streamKey: string;
  readonly login?: TargetLogin | undefined;
}

/** What a target is given as: secrets may be part of the address. */
export interface GivenTarget {
  readonly url: string;
  readonly streamKey?: string | undefined;
  readonly login?: TargetLogin | undefined;
}

/** What is wrong with what was given, for its author. */
export interface TargetMistake {
  readonly field: 'url' | 'stream_key' | keyof TargetLogin;
  readonly detail: string;
}

/** How a target is encrypted, for people whose stream is. */
export const ENCRYPTED_TARGETS = 'rtmps:// and rtsps://, and to srt:// with a passphrase';

/** RFC 2326 section 3.2; rtsps: IANA's registry of ports. */
const RTSP_PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 };
/** Some servers decode a stream key, so a control character in its percent-encoded form is one too. */
const STREAM_KEY = /^(?:(?!%(?:[01][0-9A-Fa-f]|7[Ff]))[\x21-\x7e])+$/;
const NO_STREAM_KEY =
  'must be visible characters of ASCII, without blanks and control characters, percent-encoded ones included';
const UNSENDABLE = /[\p{Cc}\p{Cs}]/u;
const SCHEME = /^([a-z]+):\/\//i;

/** @returns what is kept of it, or what is wrong with it */
export function readTarget(given: GivenTarget): KeptTarget | TargetMistake {
  const kept = keptOf(given);
  if ('field' in kept) return kept;
  if (kept.url.length > MAX_TARGET_URL_LENGTH)
    return mistake('url', `must be at most ${MAX_TARGET_URL_LENGTH} characters long in its percent-encoded form`);
  for (const field of ['username', 'password', 'passphrase'] as const) {
    const text = kept.login?.[field] ?? '';
    if (text.length > MAX_TARGET_LOGIN_LENGTH || UNSENDABLE.test(text))
      return mistake(
        field,
        `must be at most ${MAX_TARGET_LOGIN_LENGTH} characters long, without control characters and halves of surrogate pairs`,
      );
  }
  const place = placeOf(kept);
  return typeof place === 'string' ? mistake('url', place) : kept;
}

/** @param kept by `readTarget`, of this release or another. @returns what is wrong with the address, where it cannot be used */
export function placeOf({ url: text, streamKey, login = {} }: KeptTarget): TargetPlace | string {
  const scheme = schemeOf(text);
  if (scheme === 'srt') {
    const url = parseSrtAddress(text);
    if (typeof url === 'string') return url;
    const { passphrase } = login;
    const secret = passphrase === undefined ? {} : { passphrase };
    return {
      protocol: 'srt',
      host: url.host,
      isEncrypted: passphrase !== undefined,
      url,
      streamId: streamKey,
      ...secret,
    };
  }
  if (scheme === 'rtsp' || scheme === 'rtsps') {
    const typed = typedRtspUrl(text);
    if (typeof typed === 'string') return typed;
    const { url, host } = typed;
    const { username = '', password = '' } = login;
    const credentials = username === '' && password === '' ? {} : { credentials: { username, password } };
    return {
      protocol: 'rtsp',
      host,
      port: Number(url.port) || (RTSP_PORTS[url.protocol] ?? 0),
      isEncrypted: scheme === 'rtsps',
      url: `${text.replace(/\/+$/, '')}/${streamKey}`,
      streamKey,
      ...credentials,
    };
  }
  const url = parsePushUrl(text);
  return typeof url === 'string'
    ? url
    : { protocol: 'rtmp', host: url.host, isEncrypted: url.isSecure, url, streamKey };
}

function keptOf(given: GivenTarget): KeptTarget | TargetMistake {
  const scheme = schemeOf(given.url);
  const { username, password, passphrase } = given.login ?? {};
  if (scheme !== 'srt' && passphrase !== undefined) return mistake('passphrase', 'is of srt:// only');
  const isRtsp = scheme === 'rtsp' || scheme === 'rtsps';
  if (!isRtsp && username !== undefined) return mistake('username', 'is of rtsp:// and rtsps:// only');
  if (!isRtsp && password !== undefined) return mistake('password', 'is of rtsp:// and rtsps:// only');
  if (scheme === 'srt') return keptSrt(given);
  if (isRtsp) return keptRtsp(given);
  if (scheme === 'rtmp' || scheme === 'rtmps') return keptRtmp(given);
  return mistake('url', 'must be an address that begins with rtmp://, rtmps://, srt://, rtsp:// or rtsps://');
}

function keptRtmp({ url: text, streamKey }: GivenTarget): KeptTarget | TargetMistake {
  const split = streamKey === undefined ? splitStreamKey(text) : { url: text, streamKey };
  const url = parsePushUrl(split?.url ?? text);
  if (typeof url === 'string') return mistake('url', url);
  return withKey(url.tcUrl, split?.streamKey, streamKey === undefined);
}

function keptRtsp({ url: text, streamKey, login }: GivenTarget): KeptTarget | TargetMistake {
  const typed = typedRtspUrl(text);
  if (typeof typed === 'string') return mistake('url', typed);
  const { url } = typed;
  const inAddress = { username: decoded(url.username), password: decoded(url.password) };
  const hasCredentials = url.username !== '' || url.password !== '';
  url.username = url.password = '';
  const [, place = '', path = ''] = /^(\w+:\/\/[^/?#]+)\/*(.*)$/.exec(url.href) ?? [];
  // A query belongs to the key, where there is one.
  const [, folder = '', last = ''] = /^([^?]*\/)?([^/?]*(?:\?.*)?)$/.exec(path.replace(/\/+$/, '')) ?? [];
  const kept =
    streamKey === undefined
      ? withKey(`${place}/${folder}`.replace(/\/+$/, ''), last === '' ? undefined : last, true)
      : withKey(`${place}/${path}`.replace(/\/+$/, ''), streamKey, false);
  return 'field' in kept ? kept : { ...kept, login: hasCredentials ? { ...inAddress, ...login } : login };
}

function keptSrt({ url: text, streamKey, login }: GivenTarget): KeptTarget | TargetMistake {
  const url = parseSrtAddress(text);
  if (typeof url === 'string') return mistake('url', url);
  const passphrase = login?.passphrase ?? url.passphrase;
  if (passphrase !== undefined && !isPassphrase(passphrase))
    return mistake('passphrase', `must be ${PASSPHRASE_LENGTH.min} to ${PASSPHRASE_LENGTH.max} bytes long`);
  const secret = passphrase === undefined ? undefined : { passphrase };
  const streamId = streamKey ?? url.streamId ?? '';
  // Servers that have one stream only need no stream id.
  const kept =
    streamId === '' ? { url: url.place, streamKey: '' } : withKey(url.place, streamId, streamKey === undefined);
  return 'field' in kept ? kept : { ...kept, login: secret };
}

/** @param isInAddress where the key is from, if there is one */
function withKey(url: string, streamKey: string | undefined, isInAddress: boolean): KeptTarget | TargetMistake {
  if (streamKey === undefined || streamKey === '')
    return mistake('stream_key', 'is required, unless the address ends with it');
  const { success, detail } = checkStreamKey(streamKey);
  if (success) return { url, streamKey };
  return isInAddress ? mistake('url', `the stream key at its end: ${detail}`) : mistake('stream_key', detail);
}

function checkStreamKey(streamKey: string): { readonly success: boolean; readonly detail: string } {
  const isShort = streamKey.length <= MAX_TARGET_KEY_LENGTH;
  const detail = isShort ? NO_STREAM_KEY : `must be at most ${MAX_TARGET_KEY_LENGTH} characters long`;
  return { success: isShort && STREAM_KEY.test(streamKey), detail };
}

/** @returns what is wrong with it */
function typedRtspUrl(text: string): TypedUrl | string {
  const typed = parseTypedUrl(text);
  return typeof typed !== 'string' && typed.url.hash !== '' ? 'must not contain a fragment' : typed;
}

const schemeOf = (text: string): string => SCHEME.exec(text)?.[1]?.toLowerCase() ?? '';

const mistake = (field: TargetMistake['field'], detail: string): TargetMistake => ({ field, detail });

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A percent sign that stands for itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}
