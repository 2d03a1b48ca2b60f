// A player that asks what a test wants, and keeps what it is sent.
import { decodeRtcp, decodeRtpPacket } from '@millrace/protocol/rtp';
import type { RtpPacket } from '@millrace/protocol/rtp';
import { TestClient } from './test-client.ts';
import type { Headers } from './test-client.ts';

export class TestPlayer extends TestClient {
  /** Packets of a channel. */
  packets(channel: number): RtpPacket[] {
    return this.frames.filter((frame) => frame.channel === channel).map(({ packet }) => decodeRtpPacket(packet));
  }

  /** The last byte of each NAL unit that came whole in one packet: what `slice` was given. */
  get tags(): (number | undefined)[] {
    return this.packets(0).map(({ payload }) => payload.at(-1));
  }

  reports(channel: number) {
    return this.frames.filter((frame) => frame.channel === channel).flatMap(({ packet }) => decodeRtcp(packet));
  }

  describe(url: string, headers: Headers = []) {
    return this.ask('DESCRIBE', url, [['Accept', 'application/sdp'], ...headers]);
  }

  /** Describes, sets all tracks up on the channels that they have anyway, and plays. */
  async play(url: string, headers: Headers = []): Promise<this> {
    const described = await this.describe(url, headers);
    if (described.status !== 200) throw new Error(`${described.status} ${described.reason}`);
    const base = described.headers.get('content-base') ?? url;
    const controls = [...described.body.toString().matchAll(/a=control:(trackID=\d+)\r\n/g)].map(([, text]) => text);
    for (const control of controls) await this.setUp(`${base}${control}`, 'RTP/AVP/TCP;unicast');
    const played = await this.ask('PLAY', base);
    if (played.status !== 200) throw new Error(`${played.status} ${played.reason}`);
    this.info = played.headers.get('rtp-info');
    return this;
  }

  /** `RTP-Info` of the answer to PLAY. */
  info: string | undefined;
}
