// Puts timed metadata into a live stream: through the edge that its publisher is connected to, into the frame log. So every packager
// and every viewer of FLV gets it at the same picture, whatever is killed afterwards.
import { Inject, Injectable } from '@nestjs/common';
import { CONTROL_PLANE } from '@millrace/control';
import type { ControlPlane, PutTimedMetadata, TimedMetadataPut } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { encodeAmf0, newRecord } from '@millrace/protocol/amf0';
import type { AmfValue } from '@millrace/protocol/amf0';
import { createHash, randomUUID } from 'node:crypto';
import { recordChange } from '../audit/record-change.ts';
import { shareOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { timeText } from '../http/fields.ts';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import { findStream } from '../streams/find-stream.ts';
import { TIMED_METADATA_CODE_LIMITS } from './timed-metadata.dto.ts';
import type { PutTimedMetadataBody, TimedMetadataAnswer } from './timed-metadata.dto.ts';

/** An event may be lost: it is sent again after this. */
const AGAIN_MS = 1_000;
const RETRY_AFTER = { 'retry-after': '1' };

@Injectable()
export class TimedMetadataService {
  /** Those who wait for an edge, by the id of their message. */
  readonly #waiting = new Map<string, Set<(outcome: TimedMetadataPut['outcome']) => void>>();

  constructor(
    private readonly database: Database,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
  ) {}

  /** @param idempotencyKey requests with the same one are put in once, even where the answer to the first is lost */
  async put(
    caller: Principal,
    streamId: string,
    { name, data }: PutTimedMetadataBody,
    idempotencyKey: string | undefined,
  ): Promise<TimedMetadataAnswer> {
    const { tenantId } = await this.database.run((manager) => findStream(manager, caller, streamId));
    const live = await this.store.readLiveStream(streamId);
    if (live === undefined || live.disconnectedAtMs !== undefined)
      throw new ProblemError('stream_offline', 'No encoder is publishing to this stream now: nothing was written.', {
        headers: RETRY_AFTER,
      });
    const { epoch, sessionId } = live.claim;
    const payload = encodeAmf0(name, toAmf(data)).toString('base64');
    const id = idempotencyKey === undefined ? randomUUID() : sameId(shareOf(caller), streamId, idempotencyKey, payload);
    const outcome = await this.#ask({ id, streamId, epoch, payload });
    if (outcome !== 'written') throw problemOf(outcome);
    await this.database.transaction((manager) => recordChange(manager, caller, { tenantId, objectId: streamId }));
    return { live_stream_id: streamId, session_id: sessionId, name, written_at: timeText(new Date()) };
  }

  /** An edge says what has become of a message, which another gateway may have sent. */
  settled({ id, outcome }: TimedMetadataPut): void {
    for (const settle of this.#waiting.get(id) ?? []) settle(outcome);
  }

  async #ask(message: PutTimedMetadata): Promise<TimedMetadataPut['outcome']> {
    const { promise, resolve } = Promise.withResolvers<TimedMetadataPut['outcome']>();
    const waiting = this.#waiting.get(message.id) ?? new Set();
    this.#waiting.set(message.id, waiting.add(resolve));
    const again = setInterval(() => this.control.putTimedMetadata(message), AGAIN_MS);
    const deadline = setTimeout(() => resolve('unavailable'), TIMED_METADATA_CODE_LIMITS.writeMs);
    this.control.putTimedMetadata(message);
    const outcome = await promise;
    clearInterval(again);
    clearTimeout(deadline);
    waiting.delete(resolve);
    if (waiting.size === 0) this.#waiting.delete(message.id);
    return outcome;
  }
}

const sameId = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('base64url');

function toAmf(value: unknown): AmfValue {
  if (Array.isArray(value)) return value.map(toAmf);
  if (typeof value !== 'object' || value === null) return value as string | number | boolean | null;
  const record = newRecord();
  for (const [name, member] of Object.entries(value)) record[name] = toAmf(member);
  return record;
}

function problemOf(outcome: Exclude<TimedMetadataPut['outcome'], 'written'>): ProblemError {
  switch (outcome) {
    case 'starting':
      return new ProblemError('stream_not_live', 'The encoder has sent no picture yet: nothing was written.', {
        headers: RETRY_AFTER,
      });
    case 'stream_rate':
    case 'tenant_rate': {
      const whose = outcome === 'stream_rate' ? 'this stream' : 'the streams of this tenant';
      return new ProblemError('too_many_requests', `Too much timed metadata for ${whose}.`, { headers: RETRY_AFTER });
    }
    case 'unavailable':
      return dependencyUnavailable('The edge that the encoder is connected to');
  }
}
