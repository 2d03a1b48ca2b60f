// Reads the coded frames of an FLV file (Adobe FLV 10.1 annex E), on its own: none of the code under test is used here.
import { readFileSync } from 'node:fs';
import { hashOf, isSlice } from './coded-frame.ts';
import type { CodedFrame, CodedFrames } from './coded-frame.ts';

const AUDIO = 8;
const VIDEO = 9;

/** @returns the frames of an H.264 and AAC file in file order, without configuration */
export function readFlvFrames(path: string): CodedFrames {
  const file = readFileSync(path);
  const video: CodedFrame[] = [];
  const audio: CodedFrame[] = [];
  let at = file.readUInt32BE(5) + 4;
  while (at + 11 <= file.length) {
    const type = file[at]!;
    const length = file.readUIntBE(at + 1, 3);
    const dts90k = (file.readUIntBE(at + 4, 3) + file[at + 7]! * 0x1000000) * 90;
    const body = file.subarray(at + 11, at + 11 + length);
    if (type === VIDEO && (body[0]! & 15) === 7 && body[1] === 1) {
      const pts90k = dts90k + body.readIntBE(2, 3) * 90;
      video.push({ hash: hashOf(...slicesOf(body.subarray(5))), dts90k, pts90k });
    }
    if (type === AUDIO && body[0]! >> 4 === 10 && body[1] === 1) {
      audio.push({ hash: hashOf(body.subarray(2)), dts90k, pts90k: dts90k });
    }
    at += 11 + length + 4;
  }
  return { video, audio };
}

function slicesOf(avcc: Buffer): Uint8Array[] {
  const slices: Uint8Array[] = [];
  for (let at = 0; at + 4 <= avcc.length;) {
    const length = avcc.readUInt32BE(at);
    const nalUnit = avcc.subarray(at + 4, at + 4 + length);
    if (isSlice(nalUnit)) slices.push(nalUnit);
    at += 4 + length;
  }
  return slices;
}
