import { faultOf } from '../../testing/protocol-fault.ts';
import { pattern } from '../testing/raw-chunk.ts';
import { ClientHandshake } from './client-handshake.ts';
import { CLIENT_KEY, placeDigest } from './digest.ts';
import { ServerHandshake } from './server-handshake.ts';

const environment = { now: () => 5000, random: (size: number) => pattern(size) };

function seed(pieceSize: number, version: number, withDigest: boolean): Buffer {
  const packets = Buffer.concat([Buffer.of(version), pattern(2 * 1536 + 4)]);
  if (withDigest) placeDigest(packets.subarray(1, 1537), 1, CLIENT_KEY);
  return Buffer.concat([Buffer.of(pieceSize), packets]);
}

export const seeds: readonly Uint8Array[] = [seed(255, 3, false), seed(6, 3, true), seed(1, 22, false)];

interface Side {
  readonly done: boolean;
  push(input: Buffer): number;
}

function outcomeOf(input: Buffer, pieceSize: number, newSide: (send: (bytes: Buffer) => void) => Side): string {
  const sent: Buffer[] = [];
  const side = newSide((bytes) => void sent.push(bytes));
  let used = 0;
  const fault = faultOf(() => {
    for (let at = 0; at < input.length && !side.done; at += pieceSize)
      used += side.push(input.subarray(at, at + pieceSize));
  });
  return JSON.stringify([fault, side.done, side.done ? used : 0, Buffer.concat(sent).toString('latin1')]);
}

/** The first byte says how large the pieces are, and which side reads them; the outcome does not depend on the size. */
export function fuzz(data: Uint8Array): void {
  const choice = data[0] ?? 0;
  const input = Buffer.from(data.subarray(1));
  const newSide = (send: (bytes: Buffer) => void): Side =>
    (choice & 1) === 1
      ? new ServerHandshake(send, environment)
      : new ClientHandshake(send, environment, { scheme: (choice & 2) === 2 ? 0 : 1 });
  const whole = outcomeOf(input, input.length + 1, newSide);
  const inPieces = outcomeOf(input, (choice >> 2) * 16 + 1, newSide);
  if (whole !== inPieces) throw new Error('the outcome depends on the cut');
}
