// A client that says what a test wants, byte by byte.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { formatRtspRequest, RtspReader } from '@millrace/protocol/rtsp';
import type { RtspResponse } from '@millrace/protocol/rtsp';
import { RTP_HEADER_BYTES, writeRtpHeader } from '@millrace/protocol/rtp';

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

type Headers = readonly (readonly [string, string])[];

export class TestEncoder {
  readonly closed: Promise<void>;
  session: string | undefined;
  readonly #socket: Socket;
  readonly #reader = new RtspReader();
  readonly #answers: RtspResponse[] = [];
  #waiting: ((answer: RtspResponse | undefined) => void) | undefined;
  #cSeq = 0;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    void this.closed.then(() => this.#waiting?.(undefined));
  }

  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** @returns the next answer; undefined when the connection is closed instead */
  answer(): Promise<RtspResponse | undefined> {
    const next = this.#answers.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.#socket.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  async ask(method: string, uri: string, headers: Headers = [], body = ''): Promise<RtspResponse> {
    const session: Headers = this.session === undefined ? [] : [['Session', this.session]];
    this.write(
      formatRtspRequest(method, uri, [['CSeq', String(++this.#cSeq)], ...session, ...headers], Buffer.from(body)),
    );
    const answer = await this.answer();
    if (answer === undefined) throw new Error(`${method} was not answered`);
    this.session ??= answer.headers.get('session')?.split(';')[0];
    return answer;
  }

  announce(url: string, sdp = SDP): Promise<RtspResponse> {
    return this.ask('ANNOUNCE', url, [['Content-Type', 'application/sdp']], sdp);
  }

  setUp(url: string, transport: string): Promise<RtspResponse> {
    return this.ask('SETUP', url, [['Transport', transport]]);
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

  frame(channel: number, packet: Buffer): void {
    this.write(Buffer.concat([Buffer.of(0x24, channel, packet.length >> 8, packet.length & 0xff), packet]));
  }

  /** One RTP packet: of video on channel 0, of audio on channel 2. */
  rtp(channel: number, sequence: number, timestamp: number, payload: Buffer, marker = true, ssrc = 7 + channel): void {
    const header = Buffer.alloc(RTP_HEADER_BYTES);
    writeRtpHeader(header, 0, { marker, payloadType: channel === 0 ? 96 : 97, sequence, timestamp, ssrc });
    this.frame(channel, Buffer.concat([header, payload]));
  }

  #read(bytes: Buffer): void {
    this.#reader.push(bytes);
    for (let item = this.#reader.next(); item !== undefined; item = this.#reader.next()) {
      if (item.kind !== 'response') continue;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting(item.response);
      else this.#answers.push(item.response);
    }
  }
}

/** One slice. @param tag tells pictures apart */
export const slice = (isIdr: boolean, tag: number): Buffer => Buffer.of(isIdr ? 0x65 : 0x41, 0x88, 0x80, tag);
