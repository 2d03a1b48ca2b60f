// Session descriptions that browsers make, and a catalogue of those that must be refused.
import { describe, expect, it } from 'vitest';
import { checkSdp, MAX_SDP_LINES, MAX_SDP_LINE_LENGTH } from './check-sdp.ts';

const LIMITS = { maxSdpBytes: 64 * 1024, maxSdpSections: 32 };
const HEAD = ['v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0'];
const AUDIO = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:Tc8p',
  'a=ice-pwd:x9cml/YzichV2+XlhiMu8gLE',
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'A1').join(':')}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=rtpmap:111 opus/48000/2',
  'a=rtpmap:63 red/48000/2',
];
const sdp = (...lines: readonly string[]): string => [...HEAD, ...lines, ''].join('\r\n');
const check = (text: string) => checkSdp(text, LIMITS);

describe('a session description', () => {
  it('of a browser is taken, with CRLF or with LF alone', () => {
    expect(check(sdp(...AUDIO, 'a=sendrecv'))).toEqual({ ok: true, sends: true });
    expect(check(sdp(...AUDIO, 'a=sendrecv').replaceAll('\r\n', '\n'))).toEqual({ ok: true, sends: true });
    expect(check(sdp(...AUDIO, 'a=rtpmap:96 VP8/90000', 'b=AS:3000', 'a=ptime:20'))).toMatchObject({ ok: true });
  });

  it.each<[string, string]>([
    ['blanks at the end of lines', sdp(...AUDIO).replaceAll('\r\n', ' \t\r\n')],
    ['empty lines at the end', `${sdp(...AUDIO)}\r\n\n`],
    ['no line break at the end', sdp(...AUDIO).trimEnd()],
    ['a user fragment in base64url', sdp(...AUDIO, 'a=ice-ufrag:a-b_')],
    ['a password in base64url', sdp(...AUDIO, `a=ice-pwd:${'-_'.repeat(12)}`)],
    [
      'a section that is used after 200 that were stopped',
      sdp(...Array.from({ length: 200 }, () => 'm=video 0 UDP/TLS/RTP/SAVPF 96'), ...AUDIO),
    ],
    [
      '32 sections that are used among those that were stopped',
      sdp(...Array.from({ length: 64 }, (_, i) => `m=audio ${i % 2 === 0 ? 9 : 0} UDP/TLS/RTP/SAVPF 0`)),
    ],
  ])('that agents make is taken: %s', (_name, text) => {
    expect(check(text)).toEqual({ ok: true, sends: true });
  });

  it.each<[string, string[], boolean]>([
    ['sends without a direction (RFC 8866 section 6.7)', AUDIO, true],
    ['that only sends', [...AUDIO, 'a=sendonly'], true],
    ['that only receives', [...AUDIO, 'a=recvonly'], false],
    ['that is inactive', [...AUDIO, 'a=inactive'], false],
    ['with the direction of the session', ['a=recvonly', ...AUDIO], false],
    ['whose section overrides the session', ['a=recvonly', ...AUDIO, 'a=sendrecv'], true],
    ['whose second section sends', [...AUDIO, 'a=recvonly', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'a=sendonly'], true],
    [
      'whose sending section was refused',
      [...AUDIO, 'a=recvonly', 'm=video 0 UDP/TLS/RTP/SAVPF 96', 'a=sendonly'],
      false,
    ],
    [
      'whose sending section is bundled',
      [...AUDIO, 'a=recvonly', 'm=video 0 UDP/TLS/RTP/SAVPF 96', 'a=sendonly', 'a=bundle-only'],
      true,
    ],
    ['of a data channel', ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=sctp-port:5000'], false],
  ])('%s', (_name, lines, sends) => {
    expect(check(sdp(...lines))).toEqual({ ok: true, sends });
  });

  it.each<[string, string]>([
    ['empty', ''],
    ['only a line break', '\r\n'],
    ['without sections', sdp()],
    ['another version', sdp(...AUDIO).replace('v=0', 'v=1')],
    ['NUL', sdp(...AUDIO, 'a=x\u0000')],
    ['a megabyte', sdp(...AUDIO, ...Array.from({ length: 300 }, () => `a=${'x'.repeat(4_000)}`))],
    ['one line of a megabyte', sdp(...AUDIO, `a=${'x'.repeat(1_000_000)}`)],
    ['a line just too long', sdp(...AUDIO, `a=${'x'.repeat(MAX_SDP_LINE_LENGTH - 1)}`)],
    ['too many lines', sdp(...AUDIO, ...Array.from({ length: MAX_SDP_LINES }, () => 'a=x'))],
    ['100,000 sections', sdp(...Array.from({ length: 100_000 }, () => 'm=audio 9 x 0'))],
    ['empty lines in between', sdp('', ...AUDIO)],
    ['33 bundled sections', sdp(...Array.from({ length: 33 }, () => 'm=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=bundle-only'))],
    ['33 sections', sdp(...Array.from({ length: 33 }, () => 'm=audio 9 UDP/TLS/RTP/SAVPF 0'))],
    [
      '10,000 candidates',
      sdp(...AUDIO, ...Array.from({ length: 10_000 }, () => 'a=candidate:1 1 udp 1 192.0.2.1 9 typ host')),
    ],
    ['a port above 65535', sdp('m=video 65536 UDP/TLS/RTP/SAVPF 96')],
    ['a negative port', sdp('m=video -1 UDP/TLS/RTP/SAVPF 96')],
    ['a section without formats', sdp('m=video 9 UDP/TLS/RTP/SAVPF')],
    ['a clock rate of zero', sdp(...AUDIO, 'a=rtpmap:96 X/0')],
    ['a payload type of 128', sdp(...AUDIO, 'a=rtpmap:128 X/90000')],
    ['a payload type of 999', sdp(...AUDIO, 'a=rtpmap:999 X/90000')],
    ['a fingerprint of a wrong length', sdp(...AUDIO, 'a=fingerprint:sha-256 A1:B2')],
    ['a fingerprint that is none', sdp(...AUDIO, 'a=fingerprint:sha-256')],
    ['an unknown setup', sdp(...AUDIO, 'a=setup:foo')],
    ['a password of one character', sdp(...AUDIO, 'a=ice-pwd:x')],
    ['a password of 10,000', sdp(...AUDIO, `a=ice-pwd:${'x'.repeat(3_000)}`)],
    ['a user fragment with a space', sdp(...AUDIO, 'a=ice-ufrag:ab cd')],
    ['a negative bandwidth', sdp(...AUDIO, 'b=AS:-1')],
    ['a packet time of 65535', sdp(...AUDIO, 'a=ptime:65535')],
    ['text instead', 'hello'],
    ['HTML', '<html>'],
    ['a line without a type', sdp(...AUDIO, 'sendrecv')],
    ['a bare carriage return', sdp(...AUDIO, 'a=x\ra=sendrecv')],
  ])('is refused: %s', (_name, text) => {
    expect(check(text)).toMatchObject({ ok: false });
  });

  it('with Unicode line separators is one line, as browsers read it', () => {
    expect(check(sdp(...AUDIO, 'a=recvonly', 'a=msid:\u2028a=sendrecv x'))).toEqual({ ok: true, sends: false });
  });

  it('is looked at in time linear in its length, whatever it holds', () => {
    const started = performance.now();
    for (const filler of ['a=', 'a=rtpmap:1 ', 'm=audio ', 'a=fingerprint:A1:', 'b=', 'm=a 9 /// -'])
      check(sdp(...Array.from({ length: 3_900 }, () => filler.repeat(Math.floor(16 / filler.length) + 1))));
    for (const filler of ['1.', 'A1:', '- ', 'x/'])
      check(
        sdp(
          `a=rtpmap:96 ${filler.repeat(1_800)}`,
          `a=fingerprint:sha ${filler.repeat(1_300)}`,
          `m=audio 9 ${filler.repeat(1_800)}!`,
        ),
      );
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
