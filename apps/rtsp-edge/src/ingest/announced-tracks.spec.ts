import { Codec } from '@millrace/domain';
import { parseSessionDescription } from '@millrace/protocol/sdp';
import { describe, expect, it } from 'vitest';
import { announcedTracks } from './announced-tracks.ts';

const tracks = (...lines: readonly string[]) =>
  announcedTracks(parseSessionDescription(Buffer.from(['v=0', ...lines, ''].join('\r\n'))));

describe('what an encoder announces', () => {
  it('may be AAC as LATM, whose configuration becomes that of any other AAC', () => {
    const [track] = tracks(
      'm=audio 0 RTP/AVP 96',
      'a=rtpmap:96 MP4A-LATM/44100/2',
      'a=fmtp:96 cpresent=0;config=400024203fc0',
    );
    expect(track).toMatchObject({
      kind: 'audio',
      codec: Codec.aac,
      clockRate: 44_100,
      record: Buffer.from('1210', 'hex'),
    });
  });

  it('has parameter sets in three parameters for H.265, and perhaps none', () => {
    const described = tracks('m=video 0 RTP/AVP 96', 'a=rtpmap:96 H265/90000', 'a=fmtp:96 sprop-vps=QAE=');
    expect(described).toMatchObject([{ kind: 'video', codec: Codec.h265, record: undefined }]);
  });

  it('is carried once for each kind', () => {
    const h264 = (type: number) => [`m=video 0 RTP/AVP ${type}`, `a=rtpmap:${type} H264/90000`];
    expect(tracks(...h264(96), ...h264(97))).toMatchObject([
      { kind: 'video', payloadType: 96 },
      { kind: 'ignored', medium: 'video', unsupported: undefined },
    ]);
  });

  it.each<[string, readonly string[], string]>([
    ['a static payload type', ['m=audio 0 RTP/AVP 0'], 'PCMU'],
    [
      'interleaved NAL units',
      ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 packetization-mode=2'],
      'H264',
    ],
    ['DON fields', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H265/90000', 'a=fmtp:96 sprop-max-don-diff=1'], 'H265'],
    [
      'AAC of another mode',
      ['m=audio 0 RTP/AVP 96', 'a=rtpmap:96 MPEG4-GENERIC/8000', 'a=fmtp:96 mode=CELP-cbr;config=1190'],
      'MPEG4-GENERIC',
    ],
    [
      'AAC without its configuration',
      ['m=audio 0 RTP/AVP 96', 'a=rtpmap:96 MP4A-LATM/48000', 'a=fmtp:96 cpresent=1'],
      'MP4A-LATM',
    ],
    ['what is not RTP', ['m=video 0 UDP 96'], 'not RTP'],
  ])('is named where it is not carried: %s', (_, lines, unsupported) => {
    expect(tracks(...lines)).toMatchObject([{ kind: 'ignored', unsupported }]);
  });
});
