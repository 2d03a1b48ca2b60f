import { faultOf } from '../../testing/protocol-fault.ts';
import { pattern, rawAbort, rawChunk, rawMessage, rawSetChunkSize } from '../testing/raw-chunk.ts';
import { MessageLog } from '../testing/message-log.ts';
import { ChunkDecoder } from './chunk-decoder.ts';

/** Small enough that no input makes the decoder hold much. */
const LIMITS = {
  maxMessageBytes: 65_536,
  maxChunkStreams: 16,
  maxUnassembledBytes: 131_072,
  minChunkSize: 1,
  maxChunkSize: 65_536,
};

function seed(pieceSize: number, ...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(pieceSize), ...chunks]);
}

export const seeds: readonly Uint8Array[] = [
  seed(
    0,
    rawMessage(3, { time: 1, type: 20, data: pattern(300) }),
    rawChunk({ fmt: 1, csid: 3, time: 5, length: 1, type: 8, data: pattern(1) }),
  ),
  seed(
    6,
    rawSetChunkSize(10),
    rawMessage(400, { data: pattern(25) }, 10),
    rawAbort(400),
    rawChunk({ fmt: 3, csid: 400, data: pattern(10) }),
  ),
  seed(
    2,
    rawChunk({ fmt: 0, csid: 5, time: 0xffffff, extended: 0x01000000, length: 130, type: 9, data: pattern(128) }),
    Buffer.from('c5010000000102', 'hex'),
  ),
  seed(
    0,
    rawChunk({ fmt: 0, csid: 5, time: 0xffffff, extended: 0x01000000, length: 130, type: 9, data: pattern(128) }),
    Buffer.from('c50102', 'hex'),
  ),
];

/** The first byte says how large the pieces are; the messages and the fault do not depend on it. */
export function fuzz(data: Uint8Array): void {
  const input = Buffer.from(data.subarray(1));
  const pieceSize = (data[0] ?? 0) + 1;
  const whole = new MessageLog();
  const wholeDecoder = new ChunkDecoder(whole, LIMITS);
  const wholeFault = faultOf(() => wholeDecoder.push(input));
  const pieces = new MessageLog();
  const decoder = new ChunkDecoder(pieces, LIMITS);
  const fault = faultOf(() => {
    for (let at = 0; at < input.length; at += pieceSize) decoder.push(Buffer.from(input.subarray(at, at + pieceSize)));
  });
  if (fault !== wholeFault) throw new Error(`whole: ${wholeFault}, in pieces: ${fault}`);
  if (JSON.stringify(pieces.messages) !== JSON.stringify(whole.messages)) throw new Error('messages depend on the cut');
  if (decoder.unassembledBytes > LIMITS.maxUnassembledBytes) throw new Error('holds more than it may');
  if (fault === undefined && decoder.unassembledBytes !== wholeDecoder.unassembledBytes)
    throw new Error('counts differ');
}
