// A publisher for tests that goes as fast as the bus lets it.
import { FrameFlag } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import type { FrameBus, FramePublisher } from '../frame-bus.ts';
import { sampleFrame } from './sample-frames.ts';

export interface PublishRunOptions {
  readonly epoch: number;
  readonly frames: number;
  /** Frames to a group of pictures. Default 60. */
  readonly gop?: number;
  /** Bytes of each payload. Default 2 000. */
  readonly bytes?: number;
  /** Called before each frame. */
  readonly before?: (sequence: number) => Promise<void> | void;
}

/**
 * Publishes an epoch, waiting whenever the publisher asks for it, and leaves the publisher open.
 * Payloads begin with the frame's sequence and are otherwise one shared buffer's content.
 */
export async function publishRun(bus: FrameBus, streamId: string, options: PublishRunOptions): Promise<FramePublisher> {
  const { epoch, frames, gop = 60, bytes = 2_000 } = options;
  const publisher = bus.openPublisher(streamId, epoch);
  for (let sequence = 1; sequence <= frames; sequence++) {
    await options.before?.(sequence);
    const drained = new Promise<void>((resolve) => (publisher.onDrain = resolve));
    if (!publisher.publish(runFrame(epoch, sequence, gop, bytes))) await drained;
    // Sockets and timers get their turn: a real publisher's frames come from a socket too.
    if (sequence % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  publisher.flush();
  return publisher;
}

function runFrame(epoch: number, sequence: number, gop: number, bytes: number): Frame {
  const place = (sequence - 1) % gop;
  const flags = place === 0 ? FrameFlag.configuration : place === 1 ? FrameFlag.keyframe : 0;
  const payload = Buffer.alloc(Math.max(4, bytes), 0x5a);
  payload.writeUInt32BE(sequence);
  return sampleFrame(epoch, sequence, { flags, payload });
}
