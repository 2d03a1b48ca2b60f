// What age and limits do to the log of a stream, at a place that a test chooses.
import { comparePositions } from '@millrace/domain';
import type { FramePosition } from '@millrace/domain';
import { frameSubject, shardStream } from '../nats/frame-subject.ts';
import { messageSpan } from '../nats/message-span.ts';
import { administer } from './administer.ts';

/** Deletes the messages of a stream whose frames all come before the position, on a server with one shard. */
export async function forgetFrames(url: string, streamId: string, before: FramePosition): Promise<void> {
  const subject = frameSubject(streamId, 0);
  await administer(url, async (manager) => {
    for (let seq = 1; ;) {
      const message = await manager.direct.getMessage(shardStream(0), { seq, next_by_subj: subject });
      if (!message) throw new Error('the log ends before that position');
      const span = messageSpan(message.data);
      if (span && comparePositions(span.last, before) >= 0) {
        await manager.streams.purge(shardStream(0), { filter: subject, seq: message.seq });
        return;
      }
      seq = message.seq + 1;
    }
  });
}
