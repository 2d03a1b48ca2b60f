// An encoder that sends what a test wants, packet by packet.
import type { RtspResponse } from '@millrace/protocol/rtsp';
import { RTP_HEADER_BYTES, writeRtpHeader } from '@millrace/protocol/rtp';
import { TestClient } from './test-client.ts';

export const SPS = Buffer.from('6742c01e95a014016e9b808080a0', 'hex');
export const PPS = Buffer.from('68ce3c80', 'hex');
/** What a test announces unless it says otherwise: H.264 and AAC. */
export const SDP = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=test',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${SPS.toString('base64')},${PPS.toString('base64')}`,
  'a=control:video',
  'm=audio 0 RTP/AVP 97',
  'a=rtpmap:97 MPEG4-GENERIC/48000/2',
  'a=fmtp:97 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1190',
  'a=control:audio',
  '',
].join('\r\n');

export class TestEncoder extends TestClient {
  announce(url: string, sdp = SDP): Promise<RtspResponse> {
    return this.ask('ANNOUNCE', url, [['Content-Type', 'application/sdp']], sdp);
  }

  /** Announces, sets up on channels 0 to 3, and records. */
  async record(url: string, sdp = SDP): Promise<this> {
    const answers = [await this.announce(url, sdp)];
    const controls = [...sdp.matchAll(/a=control:(.*)\r\n/g)].map(([, control]) => control);
    for (const [i, control] of controls.entries())
      answers.push(
        await this.setUp(`${url}/${control}`, `RTP/AVP/TCP;unicast;interleaved=${2 * i}-${2 * i + 1};mode=record`),
      );
    answers.push(await this.ask('RECORD', url));
    const failed = answers.find(({ status }) => status !== 200);
    if (failed !== undefined) throw new Error(`${failed.status} ${failed.reason}`);
    return this;
  }

  /** One RTP packet: of video on channel 0, of audio on channel 2. */
  rtp(channel: number, sequence: number, timestamp: number, payload: Buffer, marker = true, ssrc = 7 + channel): void {
    const header = Buffer.alloc(RTP_HEADER_BYTES);
    writeRtpHeader(header, 0, { marker, payloadType: channel === 0 ? 96 : 97, sequence, timestamp, ssrc });
    this.frame(channel, Buffer.concat([header, payload]));
  }
}

/** One slice. @param tag tells pictures apart */
export const slice = (isIdr: boolean, tag: number): Buffer => Buffer.of(isIdr ? 0x65 : 0x41, 0x88, 0x80, tag);
