// ITU-T X.690: the distinguished encoding rules, as far as a certificate needs them.

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Section 8.1: tag, length, contents. */
function element(tag: number, contents: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOctets(contents.length), contents]);
}

/** Section 8.1.3 in the shortest form, as 10.1 wants it. */
function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) octets.unshift(rest & 0xff);
  return Buffer.of(0x80 | octets.length, ...octets);
}

export const sequence = (...items: Uint8Array[]): Buffer => element(TAG.sequence, Buffer.concat(items));
export const set = (...items: Uint8Array[]): Buffer => element(TAG.set, Buffer.concat(items));
export const boolean = (value: boolean): Buffer => element(TAG.boolean, Buffer.of(value ? 0xff : 0));
export const octetString = (contents: Uint8Array): Buffer => element(TAG.octetString, contents);
/** Section 8.6: of whole octets; the first one says that no bit is unused. */
export const bitString = (contents: Uint8Array): Buffer => element(TAG.bitString, Buffer.of(0, ...contents));
export const utf8String = (text: string): Buffer => element(TAG.utf8String, Buffer.from(text, 'utf8'));

/** A whole number, the highest octet first; section 8.3 wants a zero before a set highest bit, or it would be negative. */
export function unsignedInteger(octets: Uint8Array): Buffer {
  const first = octets.findIndex((octet) => octet !== 0);
  const shortest = first < 0 ? Buffer.of(0) : octets.subarray(first);
  return element(TAG.integer, shortest[0]! < 0x80 ? shortest : Buffer.of(0, ...shortest));
}

/** Section 8.19: the first two numbers in one, each further one in base 128. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((number) => {
    const digits = [number & 0x7f];
    for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return element(TAG.objectIdentifier, Buffer.from(octets));
}

/** RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on. */
export function time(date: Date): Buffer {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  if (date.getUTCFullYear() < 2050) return element(TAG.utcTime, Buffer.from(text.slice(2), 'ascii'));
  return element(TAG.generalizedTime, Buffer.from(text, 'ascii'));
}

/** Section 8.14: a tag of the context; `constructed` when it holds elements rather than octets. */
export const tagged = (number: number, contents: Uint8Array, constructed: boolean): Buffer =>
  element(0x80 | (constructed ? 0x20 : 0) | number, contents);
