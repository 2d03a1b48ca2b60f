import { describe, expect, it } from 'vitest';
import { parseRtpInfo } from './rtp-info.ts';

describe('RTP-Info', () => {
  it.each([
    // RFC 2326 section 12.33.
    [
      'url=rtsp://foo.com/bar.avi/streamid=0;seq=45102,url=rtsp://foo.com/bar.avi/streamid=1;seq=30211;rtptime=7',
      [
        { url: 'rtsp://foo.com/bar.avi/streamid=0', rtpTime: undefined },
        { url: 'rtsp://foo.com/bar.avi/streamid=1', rtpTime: 7 },
      ],
    ],
    // gst-rtsp-server, and a camera with an address that has a comma.
    [
      'url=rtsp://127.0.0.1:1/door/stream=0;seq=13;rtptime=4294967295, url="trackID=1,2";seq=1;rtptime=0',
      [
        { url: 'rtsp://127.0.0.1:1/door/stream=0', rtpTime: 4_294_967_295 },
        { url: 'trackID=1,2', rtpTime: 0 },
      ],
    ],
    [
      'url=a;rtptime=4294967296,url=b;rtptime=x,seq=1',
      [
        { url: 'a', rtpTime: undefined },
        { url: 'b', rtpTime: undefined },
      ],
    ],
    ['', []],
    [';;;', []],
  ])('is read from %j', (text, expected) => {
    expect(parseRtpInfo(text)).toEqual(expected);
  });
});
