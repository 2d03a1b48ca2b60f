// A camera and a microphone for a peer without a browser: ffmpeg makes VP8 and Opus, and sends them as RTP to this process.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';

const HOST = '127.0.0.1';
/** A keyframe each half second, so that a new participant decodes soon. */
const VIDEO = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '5', '-b:v', '300k'];
const AUDIO = ['-c:a', 'libopus', '-b:a', '32k'];
/** Below what a tunnel lets through. */
const PACKET_SIZE = '?pkt_size=1100';

export interface RtpSource {
  stop(): Promise<void>;
}

/** Starts to send; each packet goes to one of the two. */
export async function startRtpSource(
  video: (packet: Buffer) => void,
  audio: (packet: Buffer) => void,
): Promise<RtpSource> {
  const sockets = [await receiver(video), await receiver(audio)];
  const [videoUrl, audioUrl] = sockets.map((socket) => `rtp://${HOST}:${socket.address().port}${PACKET_SIZE}`);
  const encoder = new ManagedProcess({
    name: 'ffmpeg-rtp',
    command: requireProgram('ffmpeg', 'ffmpeg'),
    args: [
      '-hide_banner',
      '-loglevel',
      'warning',
      '-nostdin',
      '-re',
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=320x180:rate=10',
      '-f',
      'lavfi',
      '-i',
      'sine=frequency=440',
      '-map',
      '0:v',
      ...VIDEO,
      '-f',
      'rtp',
      videoUrl ?? '',
      '-map',
      '1:a',
      ...AUDIO,
      '-f',
      'rtp',
      audioUrl ?? '',
    ],
    isReady: async () => true,
  });
  await encoder.start();
  return {
    stop: async () => {
      await encoder.stop();
      for (const socket of sockets) socket.close();
    },
  };
}

async function receiver(take: (packet: Buffer) => void): Promise<Socket> {
  const socket = createSocket('udp4', take).bind(0, HOST);
  await once(socket, 'listening');
  return socket;
}
