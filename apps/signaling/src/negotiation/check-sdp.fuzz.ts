// Any text as a session description or a candidate: looked at within limits, never an exception.
import assert from 'node:assert/strict';
import { CLIENT_SAMPLES } from '../docs/sample-messages.ts';
import { isCandidate } from './check-candidate.ts';
import { checkSdp } from './check-sdp.ts';

const { offer, candidate } = CLIENT_SAMPLES;
export const seeds: readonly Uint8Array[] = [
  Buffer.from('sdp' in offer ? offer.sdp : ''),
  Buffer.from(candidate.candidate?.candidate ?? ''),
  Buffer.from(
    'v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nt=0 0\nm=video 0 UDP/TLS/RTP/SAVPF 96\na=bundle-only\na=rtpmap:96 VP8/90000\n',
  ),
];

const LIMITS = { maxSdpBytes: 4_096, maxSdpSections: 4 };

export function fuzz(data: Uint8Array): void {
  const text = Buffer.from(data).toString();
  const check = checkSdp(text, LIMITS);
  if (check.ok) {
    assert.ok(text.startsWith('v=0') && !text.includes('\0') && Buffer.byteLength(text) <= LIMITS.maxSdpBytes);
    // CRLF and LF mean the same.
    assert.deepEqual(checkSdp(text.replaceAll('\r\n', '\n'), LIMITS), check);
  }
  if (isCandidate(text)) assert.doesNotMatch(text, /[\r\n\0]/);
}
