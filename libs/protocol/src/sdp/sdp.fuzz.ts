import { formatSessionDescription, parseSessionDescription } from './index.ts';

/** Good inputs. */
export const seeds: readonly Uint8Array[] = [
  Buffer.from(
    'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n' +
      'a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z2QAFg==,aOvj\r\na=control:streamid=0\r\n',
  ),
  Buffer.from(
    'v=0\ns=x\nm=audio 0 RTP/AVP 97 8\na=rtpmap:97 MPEG4-GENERIC/44100/2\na=fmtp:97 mode=AAC-hbr;config=1210\na=control:b\n',
  ),
];

/** What is understood can be described again, and is understood alike then. */
export function fuzz(data: Uint8Array): void {
  const { media } = parseSessionDescription(data);
  for (const { formats, kind } of media) {
    const [format] = formats;
    if (format?.encoding === undefined || format.clockRate === undefined || (kind !== 'video' && kind !== 'audio'))
      continue;
    const { payloadType, encoding, clockRate, channels } = format;
    const parameters = [...format.parameters].filter(
      ([name, value]) => /^[\w-]+$/.test(name) && /^[\w,+/=-]+$/.test(value),
    );
    const described = { kind, payloadType, encoding, clockRate, channels, parameters, control: 'track' } as const;
    const bytes = formatSessionDescription({ sessionId: 1, address: '::1', name: 'fuzz', media: [described] });
    const again = parseSessionDescription(bytes).media[0]?.formats[0];
    if (again?.encoding !== encoding || again.clockRate !== clockRate || again.parameters.size !== parameters.length)
      throw new Error('not understood again');
  }
}
