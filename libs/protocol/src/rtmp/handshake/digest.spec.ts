import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pattern } from '../testing/raw-chunk.ts';
import { CLIENT_KEY, digestOffset, findDigest, isSignedAnswer, placeDigest, SERVER_KEY, signAnswer } from './digest.ts';
import type { DigestScheme } from './digest.ts';

/** A packet whose four choosing bytes of both schemes have the given sum. */
function packetWithSum(sum: number): Buffer {
  const packet = pattern(1536);
  for (const at of [8, 772]) {
    let rest = sum;
    for (let i = 0; i < 4; i++) {
      packet[at + i] = Math.min(rest, 255);
      rest -= packet[at + i] ?? 0;
    }
  }
  return packet;
}

/** The digest as described, computed without the code under test. */
function digestByHand(packet: Buffer, at: number, name: string): string {
  const without = Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]);
  return createHmac('sha256', name).update(without).digest('hex');
}

const CLIENT = 'Genuine Adobe Flash Player 001';
const SERVER = 'Genuine Adobe Flash Media Server 001';
const COMMON = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae';

describe('handshake digest', () => {
  it.each<[DigestScheme, number, number]>([
    [0, 0, 776],
    [0, 727, 776 + 727],
    [0, 728, 776],
    [0, 1020, 776 + 292],
    [1, 0, 12],
    [1, 727, 12 + 727],
    [1, 728, 12],
    [1, 1020, 12 + 292],
  ])('scheme %i with the sum %i is at %i', (scheme, sum, offset) => {
    expect(digestOffset(packetWithSum(sum), scheme)).toBe(offset);
  });

  it.each<[DigestScheme, number]>([
    [0, 0],
    [0, 727],
    [0, 1020],
    [1, 0],
    [1, 727],
    [1, 1020],
  ])('scheme %i, sum %i: placed as described, and found', (scheme, sum) => {
    for (const [key, name] of [
      [CLIENT_KEY, CLIENT],
      [SERVER_KEY, SERVER],
    ] as const) {
      const packet = packetWithSum(sum);
      const digest = placeDigest(packet, scheme, key);
      const at = digestOffset(packet, scheme);
      expect(digest.toString('hex')).toBe(digestByHand(packet, at, name));
      expect(packet.subarray(at, at + 32).equals(digest)).toBe(true);
      expect(findDigest(packet, key)).toEqual({ scheme, digest });
    }
  });

  it('a wrong digest, one of zeros and the other side’s are not found', () => {
    const packet = packetWithSum(100);
    expect(findDigest(packet, CLIENT_KEY)).toBeUndefined();
    placeDigest(packet, 0, CLIENT_KEY);
    expect(findDigest(packet, SERVER_KEY)).toBeUndefined();
    packet[876] = (packet[876] ?? 0) ^ 1;
    expect(findDigest(packet, CLIENT_KEY)).toBeUndefined();
    packet.fill(0, 876, 908);
    expect(findDigest(packet, CLIENT_KEY)).toBeUndefined();
  });

  it('signs answers with name and common key', () => {
    const peerDigest = pattern(32, 7);
    const answer = pattern(1536, 9);
    signAnswer(answer, peerDigest, SERVER_KEY);
    const key = createHmac('sha256', Buffer.concat([Buffer.from(SERVER), Buffer.from(COMMON, 'hex')]))
      .update(peerDigest)
      .digest();
    const expected = createHmac('sha256', key).update(pattern(1504, 9)).digest('hex');
    expect(answer.subarray(1504).toString('hex')).toBe(expected);
    expect(isSignedAnswer(answer, peerDigest, SERVER_KEY)).toBe(true);
    expect(isSignedAnswer(answer, peerDigest, CLIENT_KEY)).toBe(false);
    expect(isSignedAnswer(pattern(1536, 9), peerDigest, SERVER_KEY)).toBe(false);
  });
});
