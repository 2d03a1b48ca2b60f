import { ChunkDecoder } from '../chunk/chunk-decoder.ts';
import type { MessageHandler } from '../chunk/message-handler.ts';
import type { ChunkDecoderLimits } from '../chunk/chunk-limits.ts';

export interface LoggedMessage {
  readonly type: number;
  readonly stream: number;
  readonly time: number;
  readonly csid: number;
  readonly data: string;
}

/** Keeps what a decoder hands over. For tests. */
export class MessageLog implements MessageHandler {
  readonly messages: LoggedMessage[] = [];

  onMessage(type: number, stream: number, time: number, payload: Buffer, csid: number): void {
    this.messages.push({ type, stream, time, csid, data: payload.toString('hex') });
  }
}

/** Decodes input that is cut as `cut` says; each piece is wiped after it was pushed, as a reused read buffer would be. */
export function decodeAll(
  input: Buffer,
  cut: (input: Buffer) => readonly Buffer[] = (whole) => [whole],
  limits?: ChunkDecoderLimits,
): readonly LoggedMessage[] {
  const log = new MessageLog();
  const decoder = new ChunkDecoder(log, limits);
  for (const piece of cut(input)) {
    const read = Buffer.from(piece);
    decoder.push(read);
    read.fill(0xee);
  }
  return log.messages;
}

/** Cuts input into pieces of one size. */
export function every(size: number): (input: Buffer) => readonly Buffer[] {
  return (input) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < input.length; at += size) pieces.push(input.subarray(at, at + size));
    return pieces;
  };
}
