// draft-sharabayko-srt-01 section 3.2.5 and appendix A: the loss list of a NAK.
import { ProtocolError } from '../bytes/index.ts';
import { sequenceDistance } from './sequence.ts';

const PLACE = 'srt/nak';
const RANGE = 0x8000_0000;

/** Calls `take` for each range of lost packets, both ends included. @throws ProtocolError */
export function readLossReport(information: Buffer, take: (first: number, last: number) => void): void {
  for (let at = 0; at + 4 <= information.length; at += 4) {
    const word = information.readUInt32BE(at);
    if (word < RANGE) {
      take(word, word);
      continue;
    }
    at += 4;
    if (at + 4 > information.length) throw new ProtocolError('srt.nak.range', PLACE, 'a range without an end');
    const first = word - RANGE;
    const last = information.readUInt32BE(at);
    if (last >= RANGE || sequenceDistance(first, last) < 0)
      throw new ProtocolError('srt.nak.range', PLACE, 'a range that ends before it begins');
    take(first, last);
  }
}

/** @param ranges first and last of each, one behind the other */
export function encodeLossReport(ranges: readonly number[]): Buffer {
  const words: number[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const [first, last] = [ranges[i]!, ranges[i + 1]!];
    if (first === last) words.push(first);
    else words.push(first + RANGE, last);
  }
  const information = Buffer.allocUnsafe(words.length * 4);
  words.forEach((word, index) => information.writeUInt32BE(word, index * 4));
  return information;
}
