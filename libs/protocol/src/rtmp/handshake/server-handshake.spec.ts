import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import { every } from '../testing/message-log.ts';
import { pattern } from '../testing/raw-chunk.ts';
import { CLIENT_KEY, findDigest, isSignedAnswer, placeDigest, SERVER_KEY, signAnswer } from './digest.ts';
import type { DigestScheme } from './digest.ts';
import { ServerHandshake } from './server-handshake.ts';

/** A server handshake with a clock that stands at 5000 and random bytes that are not. */
function newServer(): { handshake: ServerHandshake; sent: () => Buffer } {
  const out: Buffer[] = [];
  const environment = { now: () => 5000, random: (size: number) => pattern(size, 0x55) };
  const handshake = new ServerHandshake((bytes) => out.push(bytes), environment);
  return { handshake, sent: () => Buffer.concat(out) };
}

/** C1 of a client without digest: time 1000, zero, anything. */
const simpleC1 = Buffer.concat([hex('000003e8 00000000'), pattern(1528, 3)]);

function digestC1(scheme: DigestScheme): Buffer {
  const c1 = Buffer.concat([hex('000003e8 09007c02'), pattern(1528, 3)]);
  placeDigest(c1, scheme, CLIENT_KEY);
  return c1;
}

const c0c1 = Buffer.concat([hex('03'), simpleC1]);

describe('ServerHandshake', () => {
  it('answers C0 and C1 with S0, S1 and S2, and is done with C2', () => {
    const { handshake, sent } = newServer();
    expect(handshake.push(c0c1)).toBe(1537);
    const answer = sent();
    expect(answer).toHaveLength(1 + 2 * 1536);
    expect(answer[0]).toBe(3);
    const s1 = answer.subarray(1, 1537);
    expect(s1.subarray(0, 8).toString('hex')).toBe('0000138800000000');
    // S2: C1's time, when C1 was read, C1's random bytes.
    expect(answer.subarray(1537, 1545).toString('hex')).toBe('000003e800001388');
    expect(answer.subarray(1545).equals(simpleC1.subarray(8))).toBe(true);
    expect(handshake.done).toBe(false);
    expect(handshake.push(s1)).toBe(1536);
    expect(handshake).toMatchObject({ done: true, c2Matches: true, clientVersion: 3, scheme: undefined });
    expect(sent()).toHaveLength(answer.length);
  });

  it('sends nothing before all of C1 is there', () => {
    const { handshake, sent } = newServer();
    handshake.push(hex('03'));
    expect(sent()).toHaveLength(0);
    handshake.push(simpleC1.subarray(0, 1535));
    expect(sent()).toHaveLength(0);
    handshake.push(simpleC1.subarray(1535));
    expect(sent()).toHaveLength(3073);
  });

  it.each<DigestScheme>([0, 1])('answers a digest of scheme %i with one of the same scheme', (scheme) => {
    const { handshake, sent } = newServer();
    const c1 = digestC1(scheme);
    handshake.push(Buffer.concat([hex('03'), c1]));
    const s1 = sent().subarray(1, 1537);
    const s2 = sent().subarray(1537);
    const found = findDigest(s1, SERVER_KEY);
    expect(found?.scheme).toBe(scheme);
    expect(s1.readUInt8(4)).toBeGreaterThanOrEqual(3);
    expect(isSignedAnswer(s2, findDigest(c1, CLIENT_KEY)!.digest, SERVER_KEY)).toBe(true);
    const c2 = pattern(1536, 1);
    signAnswer(c2, found!.digest, CLIENT_KEY);
    handshake.push(c2);
    expect(handshake).toMatchObject({ done: true, c2Matches: true, scheme });
  });

  it('accepts an echo for C2 of a client with a digest, as FFmpeg publishes', () => {
    const { handshake, sent } = newServer();
    handshake.push(Buffer.concat([hex('03'), digestC1(1)]));
    handshake.push(sent().subarray(1, 1537));
    expect(handshake).toMatchObject({ done: true, c2Matches: true, scheme: 1 });
  });

  it('a C1 with a version and a wrong digest, or none, gets the simple handshake', () => {
    const wrong = digestC1(0);
    for (let i = 12; i < 1536; i += 16) wrong[i] = (wrong[i] ?? 0) ^ 1;
    const none = Buffer.concat([hex('000003e8 09007c02'), Buffer.alloc(1528)]);
    for (const c1 of [wrong, none]) {
      const { handshake, sent } = newServer();
      handshake.push(Buffer.concat([hex('03'), c1]));
      expect(handshake.scheme).toBeUndefined();
      expect(sent().subarray(1545).equals(c1.subarray(8))).toBe(true);
    }
  });

  describe('versions', () => {
    it.each(Array.from({ length: 32 }, (_, version) => version))('%i is answered with 3', (version) => {
      const { handshake, sent } = newServer();
      handshake.push(Buffer.concat([Buffer.of(version), simpleC1]));
      expect(sent()[0]).toBe(3);
      handshake.push(sent().subarray(1, 1537));
      expect(handshake).toMatchObject({ done: true, clientVersion: version });
    });

    it.each(Array.from({ length: 224 }, (_, i) => 32 + i))('%i is refused at once', (version) => {
      const { handshake, sent } = newServer();
      expect(faultOf(() => handshake.push(Buffer.of(version)))).toBe('rtmp.handshake.not-rtmp');
      expect(sent()).toHaveLength(0);
    });
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a TLS hello', Buffer.concat([hex('16 0301 0200 01 0001fc 0303'), pattern(500)])],
    ['PROXY version 1', Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n')],
    ['PROXY version 2', Buffer.concat([hex('0d0a0d0a 000d0a51 5549540a 2111000c'), pattern(12)])],
    ['RTSP, interleaved', hex('24 00 0010')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
  ])('%s is refused', (_name, bytes) => {
    expect(faultOf(() => newServer().handshake.push(bytes))).toBe('rtmp.handshake.not-rtmp');
    const slow = newServer().handshake;
    expect(faultOf(() => every(1)(bytes).forEach((byte) => slow.push(byte)))).toBe('rtmp.handshake.not-rtmp');
  });

  it('C0, C1 and C2 byte by byte', () => {
    const { handshake, sent } = newServer();
    for (const byte of every(1)(c0c1)) handshake.push(byte);
    for (const byte of every(1)(sent().subarray(1, 1537))) handshake.push(byte);
    expect(handshake).toMatchObject({ done: true, c2Matches: true });
  });

  it('takes no more than its own bytes when everything comes at once', () => {
    const { handshake } = newServer();
    const chunks = hex('03 000000 000000 14 00000000');
    expect(handshake.push(Buffer.concat([c0c1, pattern(1536), chunks]))).toBe(1 + 2 * 1536);
    expect(handshake.done).toBe(true);
    expect(handshake.push(chunks)).toBe(0);
  });

  it('C2 cut at every offset', () => {
    for (let at = 0; at <= 1536; at++) {
      const { handshake, sent } = newServer();
      handshake.push(c0c1);
      const c2 = sent().subarray(1, 1537);
      handshake.push(c2.subarray(0, at));
      handshake.push(c2.subarray(at));
      expect(handshake).toMatchObject({ done: true, c2Matches: true });
    }
  });

  it('a C2 of zeros, or of anything else, is accepted and noted', () => {
    for (const c2 of [Buffer.alloc(1536), pattern(1536, 1)]) {
      const { handshake } = newServer();
      handshake.push(c0c1);
      handshake.push(c2);
      expect(handshake).toMatchObject({ done: true, c2Matches: false });
    }
  });
});
