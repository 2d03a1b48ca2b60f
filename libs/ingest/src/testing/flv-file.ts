// The tags of an FLV file, read without the code under test (Adobe FLV 10.1, annex E.4.1).
import { readFileSync } from 'node:fs';

export interface FlvFileTag {
  readonly type: number;
  readonly timestamp: number;
  readonly body: Buffer;
}

export function tagsOf(path: string): FlvFileTag[] {
  const file = readFileSync(path);
  const tags: FlvFileTag[] = [];
  for (let at = 9 + 4; at + 11 < file.length;) {
    const size = file.readUIntBE(at + 1, 3);
    const timestamp = file.readUIntBE(at + 4, 3) + file.readUInt8(at + 7) * 2 ** 24;
    tags.push({ type: file.readUInt8(at), timestamp, body: file.subarray(at + 11, at + 11 + size) });
    at += 11 + size + 4;
  }
  return tags;
}
