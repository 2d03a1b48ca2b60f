import { describe, expect, it } from 'vitest';
import { faultOf } from '../testing/protocol-fault.ts';
import { formatSessionDescription, parseSessionDescription } from './index.ts';

const parse = (text: string) => parseSessionDescription(Buffer.from(text, 'latin1'));

/** As FFmpeg 5.1 announces. */
const ANNOUNCED = `v=0
o=- 0 0 IN IP4 127.0.0.1
s=No Name
c=IN IP4 127.0.0.1
t=0 0
a=tool:libavformat 59.27.100
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z2QAFqzZQKAv+XARAAADAAEAAAMAPA8WLZY=,aOvjyyLA; profile-level-id=640016
a=control:streamid=0
m=audio 0 RTP/AVP 97
b=AC:64
a=rtpmap:97 MPEG4-GENERIC/44100/2
a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3; config=121056E500
a=control:streamid=1
`;

describe('session descriptions', () => {
  it.each(['\n', '\r\n'])('are read with lines that end in %j', (end) => {
    const { media } = parse(ANNOUNCED.replaceAll('\n', end));
    expect(media.map(({ kind, protocol, control }) => [kind, protocol, control])).toEqual([
      ['video', 'RTP/AVP', 'streamid=0'],
      ['audio', 'RTP/AVP', 'streamid=1'],
    ]);
    const [video, audio] = media.map(({ formats }) => formats[0]!);
    expect(video).toMatchObject({ payloadType: 96, encoding: 'H264', clockRate: 90_000, channels: undefined });
    expect(video!.parameters.get('sprop-parameter-sets')).toBe('Z2QAFqzZQKAv+XARAAADAAEAAAMAPA8WLZY=,aOvjyyLA');
    expect(audio).toMatchObject({ payloadType: 97, encoding: 'MPEG4-GENERIC', clockRate: 44_100, channels: 2 });
    expect(Object.fromEntries(audio!.parameters)).toMatchObject({
      mode: 'AAC-hbr',
      sizelength: '13',
      config: '121056E500',
    });
  });

  it('are written so that they are read alike', () => {
    const parameters = [['packetization-mode', '1'] as const, ['sprop-parameter-sets', 'Z2Q=,aOs='] as const];
    const video = {
      kind: 'video',
      payloadType: 96,
      encoding: 'H264',
      clockRate: 90_000,
      parameters,
      control: 'video',
    } as const;
    const audio = {
      kind: 'audio',
      payloadType: 97,
      encoding: 'opus',
      clockRate: 48_000,
      channels: 2,
      parameters: [],
      control: 'audio',
    } as const;
    const bytes = formatSessionDescription({
      sessionId: 7,
      address: '127.0.0.1',
      name: 'Millrace',
      media: [video, audio],
    });
    expect(bytes.toString()).toBe(
      [
        'v=0',
        'o=- 7 7 IN IP4 127.0.0.1',
        's=Millrace',
        'c=IN IP4 0.0.0.0',
        't=0 0',
        'a=control:*',
        'a=range:npt=now-',
        'm=video 0 RTP/AVP 96',
        'a=rtpmap:96 H264/90000',
        'a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z2Q=,aOs=',
        'a=control:video',
        'm=audio 0 RTP/AVP 97',
        'a=rtpmap:97 opus/48000/2',
        'a=control:audio',
        '',
      ].join('\r\n'),
    );
    expect(parseSessionDescription(bytes).media.map(({ formats }) => formats[0]?.encoding)).toEqual(['H264', 'OPUS']);
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'sdp.malformed'],
    ['line feeds alone', '\n\n\n', 'sdp.malformed'],
    ['a NUL', 'v=0\ns=\0\n', 'sdp.malformed'],
    ['a megabyte', `v=0\n${'x'.repeat(1024 * 1024)}`, 'sdp.too-large'],
    ['a line of five kilobytes', `v=0\ns=${'x'.repeat(5_000)}\n`, 'sdp.too-large'],
    ['too many lines', `v=0\n${'a=x\n'.repeat(2_000)}`, 'sdp.too-large'],
    ['too many media', `v=0\n${'m=video 0 RTP/AVP 96\n'.repeat(17)}`, 'sdp.too-large'],
    ['too many formats', `v=0\nm=video 0 RTP/AVP${' 96'.repeat(33)}\n`, 'sdp.too-large'],
    ['a port above 65535', 'v=0\nm=video 65536 RTP/AVP 96\n', 'sdp.malformed'],
    ['a negative port', 'v=0\nm=video -1 RTP/AVP 96\n', 'sdp.malformed'],
    ['a clock rate of 0', 'v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/0\n', 'sdp.malformed'],
  ])('are refused with %s', (_, text, code) => expect(faultOf(() => parse(text))).toBe(code));

  it('pass over what does not fit: formats that are no payload type, attributes of formats that are not listed', () => {
    const { media } = parse(
      'v=0\nm=video 0 RTP/AVP 200 x 96\na=rtpmap:97 H265/90000\na=fmtp:300 a=b\na=rtpmap:broken\n',
    );
    expect(media[0]?.formats.map(({ payloadType, encoding }) => [payloadType, encoding])).toEqual([[96, undefined]]);
    // Lines end in line feeds alone, and what says nothing of packing may be anything.
    const odd =
      'v=0\ns=a\u2028m=video 0 RTP/AVP 1\nb=AS:-1\nm=audio 0 RTP/AVP 97\na=ptime:65535\na=ptime:-1\na=candidate:x\n';
    expect(parse(odd).media.map(({ kind }) => kind)).toEqual(['audio']);
    expect(parse('v=0\nm=application 0 UDP/DTLS 5000\n').media[0]?.formats).toEqual([]);
  });
});
