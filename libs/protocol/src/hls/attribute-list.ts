// RFC 8216 section 4.2: attribute lists.
import { PlaylistError } from './playlist-error.ts';
import { hasControlCharacter } from './playlist-line.ts';

const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"]*)"|([^",\s][^",]*))(,|$)/y;
const INTEGER = /^\d{1,20}$/;
/** As many digits as a number holds exactly, so that none becomes infinite. */
const FLOAT = /^\d{1,15}(\.\d{1,32})?$/;
const SIGNED_FLOAT = /^-?\d{1,15}(\.\d{1,32})?$/;
const RESOLUTION = /^(\d{1,9})x(\d{1,9})$/;
/** At most 128 bits: the only hexadecimal sequence of RFC 8216 is an initialization vector (section 4.3.2.4). */
const HEXADECIMAL = /^0[xX][0-9A-Fa-f]{1,32}$/;
const ENUMERATED = /^[^",\s]+$/;

export interface Resolution {
  readonly width: number;
  readonly height: number;
}

/** The attributes of one tag. Each getter checks the type and says the line when it is wrong. */
export class AttributeList {
  readonly #values: ReadonlyMap<string, { readonly text: string; readonly quoted: boolean }>;
  readonly #place: string;
  readonly #line: number;

  /** @throws PlaylistError when the text is no attribute list or has a name twice */
  constructor(text: string, place: string, line: number) {
    this.#place = place;
    this.#line = line;
    const values = new Map<string, { text: string; quoted: boolean }>();
    ATTRIBUTE.lastIndex = 0;
    let more = true;
    while (more) {
      const match = ATTRIBUTE.exec(text);
      if (match === null) throw this.wrong('no attribute list');
      const [, name = '', quoted, plain = '', separator] = match;
      if (values.has(name)) throw this.wrong(`${name} twice`);
      values.set(name, { text: quoted ?? plain, quoted: quoted !== undefined });
      more = separator === ',';
    }
    this.#values = values;
  }

  /** The names of all attributes. */
  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Whether the attribute is there and not a quoted string. */
  isPlain(name: string): boolean {
    return this.#values.get(name)?.quoted === false;
  }

  quoted(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value?.quoted === false) throw this.wrong(`${name} is not a quoted string`);
    return value?.text;
  }

  enumerated(name: string): string | undefined {
    return this.#plain(name, ENUMERATED);
  }

  /** YES or NO; NO when it is left out. */
  yes(name: string): boolean {
    const value = this.enumerated(name) ?? 'NO';
    if (value !== 'YES' && value !== 'NO') throw this.wrong(`${name} is neither YES nor NO`);
    return value === 'YES';
  }

  integer(name: string): number | undefined {
    const text = this.#plain(name, INTEGER);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw this.wrong(`${name} is too large`);
    return value;
  }

  float(name: string): number | undefined {
    const text = this.#plain(name, FLOAT);
    return text === undefined ? undefined : Number(text);
  }

  signedFloat(name: string): number | undefined {
    const text = this.#plain(name, SIGNED_FLOAT);
    return text === undefined ? undefined : Number(text);
  }

  hexadecimal(name: string): string | undefined {
    return this.#plain(name, HEXADECIMAL);
  }

  resolution(name: string): Resolution | undefined {
    const match = RESOLUTION.exec(this.#plain(name, RESOLUTION) ?? '');
    return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) };
  }

  /** @throws PlaylistError naming the attribute when `value` is undefined */
  required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw this.wrong(`${name} is missing`);
    return value;
  }

  /** An error about this tag. */
  wrong(detail: string): PlaylistError {
    return new PlaylistError('attribute', this.#place, this.#line, detail);
  }

  #plain(name: string, pattern: RegExp): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    if (value.quoted || !pattern.test(value.text)) throw this.wrong(`${name} has the wrong type`);
    return value.text;
  }
}

/** Writes an attribute list; values that are undefined are left out. Refuses what would break out of its place. */
export class AttributeWriter {
  readonly #parts: string[] = [];

  /** @throws PlaylistError when the text holds a quotation mark or a control character, line breaks among them */
  quoted(name: string, text: string | undefined): this {
    if (text === undefined) return this;
    if (text.includes('"') || hasControlCharacter(text)) {
      throw new PlaylistError('format.quoted-string', `hls/${name}`, 0, 'quotation mark or control character');
    }
    return this.#add(name, `"${text}"`);
  }

  /** @throws PlaylistError when the text holds quotation marks, commas or white space */
  enumerated(name: string, text: string | undefined): this {
    if (text === undefined) return this;
    if (!ENUMERATED.test(text) || hasControlCharacter(text)) {
      throw new PlaylistError('format.enumerated-string', `hls/${name}`, 0, 'quotation mark, comma or white space');
    }
    return this.#add(name, text);
  }

  /** Writes YES, or nothing. */
  yes(name: string, value: boolean): this {
    return value ? this.#add(name, 'YES') : this;
  }

  integer(name: string, value: number | undefined): this {
    if (value === undefined) return this;
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} ${value} is no decimal integer`);
    return this.#add(name, String(value));
  }

  float(name: string, value: number | undefined): this {
    return value === undefined ? this : this.#add(name, formatDecimal(value));
  }

  resolution(name: string, value: Resolution | undefined): this {
    return value === undefined ? this : this.#add(name, `${value.width}x${value.height}`);
  }

  toString(): string {
    return this.#parts.join(',');
  }

  #add(name: string, text: string): this {
    this.#parts.push(`${name}=${text}`);
    return this;
  }
}

/** A number as decimal-floating-point: no exponent, at most six places, no zeros at the end. */
export function formatDecimal(value: number): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) throw new RangeError(`${value} is no decimal number`);
  const text = value.toFixed(6).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}
