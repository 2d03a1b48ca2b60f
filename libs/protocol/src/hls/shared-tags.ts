// RFC 8216 sections 4.3.1, 4.3.2.4 and 4.3.5: what media and multivariant playlists have in common.
import type { AttributeList } from './attribute-list.ts';
import { AttributeWriter } from './attribute-list.ts';
import { PlaylistError } from './playlist-error.ts';

export interface StartPoint {
  /** Seconds from the start, or, negative, from the end. */
  readonly timeOffset: number;
  readonly precise: boolean;
}

/** EXT-X-KEY and EXT-X-SESSION-KEY. */
export interface EncryptionKey {
  readonly method: string;
  readonly uri: string | undefined;
  /** 128 bits in hexadecimal with 0x. */
  readonly iv: string | undefined;
  readonly keyFormat: string | undefined;
  readonly keyFormatVersions: string | undefined;
}

/**
 * The value of a tag that may come once (sections 4.3.1, 4.3.3 and 4.3.5).
 * @param before what an earlier tag of the name has set
 */
export function once<Value>(before: Value | undefined, value: Value, name: string, place: string, line: number): Value {
  if (before !== undefined) throw new PlaylistError('repeated', place, line, `${name} twice`);
  return value;
}

/** A decimal-integer that is a tag's whole value. */
export function parseInteger(value: string | undefined, place: string, line: number): number {
  if (value === undefined || !/^\d{1,20}$/.test(value)) throw new PlaylistError('integer', place, line, 'no integer');
  const parsed = Number(value);
  if (!Number.isSafeInteger(parsed)) throw new PlaylistError('integer', place, line, 'integer too large');
  return parsed;
}

export function parseVersion(value: string | undefined, place: string, line: number): number {
  const version = parseInteger(value, place, line);
  if (version < 1) throw new PlaylistError('version', place, line, `version ${version}`);
  return version;
}

export function parseStart(list: AttributeList): StartPoint {
  return {
    timeOffset: list.required('TIME-OFFSET', list.signedFloat('TIME-OFFSET')),
    precise: list.yes('PRECISE'),
  };
}

export function formatStart(start: StartPoint): string {
  return `#EXT-X-START:${new AttributeWriter().float('TIME-OFFSET', start.timeOffset).yes('PRECISE', start.precise).toString()}`;
}

export function parseKey(list: AttributeList): EncryptionKey {
  const method = list.required('METHOD', list.enumerated('METHOD'));
  const uri = list.quoted('URI');
  if (method !== 'NONE') list.required('URI', uri);
  // "If the encryption method is NONE, other attributes MUST NOT be present" (section 4.3.2.4).
  else if (list.names.length > 1) throw list.wrong('METHOD=NONE with other attributes');
  return {
    method,
    uri,
    iv: list.hexadecimal('IV'),
    keyFormat: list.quoted('KEYFORMAT'),
    keyFormatVersions: list.quoted('KEYFORMATVERSIONS'),
  };
}

/** Section 4.3.4.5: as EXT-X-KEY, "except that the value of the METHOD attribute MUST NOT be NONE". */
export function parseSessionKey(list: AttributeList): EncryptionKey {
  const key = parseKey(list);
  if (key.method === 'NONE') throw list.wrong('METHOD=NONE');
  return key;
}

export function formatKey(tag: '#EXT-X-KEY' | '#EXT-X-SESSION-KEY', key: EncryptionKey): string {
  const list = new AttributeWriter()
    .enumerated('METHOD', key.method)
    .quoted('URI', key.uri)
    .enumerated('IV', key.iv)
    .quoted('KEYFORMAT', key.keyFormat)
    .quoted('KEYFORMATVERSIONS', key.keyFormatVersions);
  return `${tag}:${list.toString()}`;
}
