// The tags of an FLV file, to be sent as RTMP messages. Adobe FLV 10.1 annex E.4.1; no code under test is used here.
import { readFileSync } from 'node:fs';

export interface FlvTag {
  /** 8 audio, 9 video, 18 script data: also the RTMP message type. */
  readonly type: number;
  readonly timestampMs: number;
  readonly body: Buffer;
}

export function readFlvTags(path: string): FlvTag[] {
  const file = readFileSync(path);
  const tags: FlvTag[] = [];
  for (let at = file.readUInt32BE(5) + 4; at + 11 <= file.length;) {
    const length = file.readUIntBE(at + 1, 3);
    const timestampMs = file.readUIntBE(at + 4, 3) + file[at + 7]! * 0x1000000;
    tags.push({ type: file[at]!, timestampMs, body: file.subarray(at + 11, at + 11 + length) });
    at += 11 + length + 4;
  }
  return tags;
}
