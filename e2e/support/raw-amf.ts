// The few AMF0 values that a publishing client writes (Adobe AMF 0 §2), and a reader for what a server answers.

export type AmfIn = string | number | boolean | null | { readonly [key: string]: AmfIn };

export function amf0(...values: AmfIn[]): Buffer {
  return Buffer.concat(values.map(encode));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function encode(value: AmfIn): Buffer {
  if (value === null) return Buffer.from([5]);
  if (typeof value === 'boolean') return Buffer.from([1, value ? 1 : 0]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), text(value)]);
  if (typeof value === 'number') {
    const out = Buffer.alloc(9);
    out.writeDoubleBE(value, 1);
    return out;
  }
  const entries = Object.entries(value).map(([key, item]) => Buffer.concat([text(key), encode(item)]));
  return Buffer.concat([Buffer.from([3]), ...entries, Buffer.from([0, 0, 9])]);
}

/** Reads the values of a command message as a server sends them. */
export function readAmf0(bytes: Buffer): unknown[] {
  const values: unknown[] = [];
  let at = 0;
  const readText = (): string => {
    const length = bytes.readUInt16BE(at);
    at += 2 + length;
    return bytes.toString('utf8', at - length, at);
  };
  const read = (): unknown => {
    const marker = bytes[at++];
    switch (marker) {
      case 0:
        at += 8;
        return bytes.readDoubleBE(at - 8);
      case 1:
        return bytes[at++] !== 0;
      case 2:
        return readText();
      case 3:
      case 8: {
        if (marker === 8) at += 4;
        const object: Record<string, unknown> = {};
        for (let key = readText(); bytes[at] !== 9; key = readText()) object[key] = read();
        at++;
        return object;
      }
      case 5:
      case 6:
        return null;
      case 10: {
        const count = bytes.readUInt32BE(at);
        at += 4;
        return Array.from({ length: count }, read);
      }
      default:
        throw new Error(`AMF0 marker ${marker} at ${at - 1}`);
    }
  };
  while (at < bytes.length) values.push(read());
  return values;
}
