// The header's reader, given damaged headers in pieces: the meaning must not depend on how they are cut.
import { hex } from '../testing/hex.ts';
import { MAX_PROXY_HEADER_BYTES, ProxyHeaderReader } from './index.ts';

const MAX_PIECE_BYTES = 64;

function readIn(stream: Buffer, pieceBytes: number): string {
  const reader = new ProxyHeaderReader();
  try {
    for (let at = 0; at < stream.length; at += pieceBytes) {
      const read = reader.push(stream.subarray(at, at + pieceBytes));
      if (reader.heldBytes > MAX_PROXY_HEADER_BYTES) throw new Error('more than a header is held');
      if (read !== undefined) return JSON.stringify(read.header);
    }
    return 'unfinished';
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ProtocolError') throw error;
    return 'refused';
  }
}

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const seed = (text: string): Buffer => Buffer.concat([Buffer.of(7), hex(SIGNATURE + text)]);

/** The first byte says how the rest is cut. */
export const seeds: readonly Uint8Array[] = [
  seed('21 11 000c c0000207 cb007105 d903 078f'),
  seed('21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 0050 078f'),
  seed('20 00 0000'),
  seed('21 11 0013 c0000207 cb007105 d903 078f 04 0004 00000000'),
  Buffer.from('\x01PROXY TCP4 192.0.2.7 203.0.113.5 55555 1935\r\n'),
];

export function fuzz(data: Uint8Array): void {
  const stream = Buffer.from(data.subarray(1));
  const pieceBytes = ((data[0] ?? 0) % MAX_PIECE_BYTES) + 1;
  const whole = readIn(stream, stream.length + 1);
  if (readIn(stream, pieceBytes) !== whole) throw new Error(`read in pieces of ${pieceBytes} it differs`);
}
