// What streams are doing now: the live store knows who publishes, the sessions table whether viewers can watch yet.
import { Inject, Injectable } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore, LiveStream } from '@millrace/live-store';
import { In, Not } from 'typeorm';
import type { FindOperator } from 'typeorm';
import { Database } from '../database/database.ts';
import { SessionEntity } from '../sessions/session.entity.ts';
import type { LiveStreamEntity } from './live-stream.entity.ts';
import type { StreamStatus } from './streams.dto.ts';

export interface CurrentStatus {
  readonly status: StreamStatus;
  readonly sessionId: string | null;
}

/** From so many streams on, all that is live is read at once. */
const READ_ALL_FROM = 8;

@Injectable()
export class StreamStatuses {
  constructor(
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    private readonly database: Database,
  ) {}

  /** @returns the status of each of these streams, in order */
  async of(streams: readonly LiveStreamEntity[]): Promise<CurrentStatus[]> {
    const live = await this.#readLive(streams).catch(() => undefined);
    if (live === undefined)
      return streams.map(({ enabled }) => ({ status: enabled ? 'unknown' : 'disabled', sessionId: null }));
    const active = await this.#activeSessions([...live.values()].map(({ claim }) => claim.sessionId));
    return streams.map((stream) => statusOf(stream, live.get(stream.id), active));
  }

  /**
   * A condition on the ids of enabled streams: those that are in this state now.
   *
   * @throws {LiveStoreError} when that cannot be told
   */
  async idsIn(status: Exclude<StreamStatus, 'disabled' | 'unknown'>, tenantId?: string): Promise<FindOperator<string>> {
    const all = await this.store.listLiveStreams();
    const live = all.filter(({ claim }) => tenantId === undefined || claim.tenantId === tenantId);
    if (status === 'idle') return Not(In(live.map(({ claim }) => claim.streamId)));
    const active = await this.#activeSessions(live.map(({ claim }) => claim.sessionId));
    const matching = live.filter((entry) => liveStatusOf(entry, active) === status);
    return In(matching.map(({ claim }) => claim.streamId));
  }

  async #readLive(streams: readonly LiveStreamEntity[]): Promise<Map<string, LiveStream>> {
    const wanted = new Set(streams.map(({ id }) => id));
    const found =
      streams.length >= READ_ALL_FROM
        ? await this.store.listLiveStreams()
        : await Promise.all(streams.map(({ id }) => this.store.readLiveStream(id)));
    const live = found.filter((entry) => entry !== undefined).filter(({ claim }) => wanted.has(claim.streamId));
    return new Map(live.map((entry) => [entry.claim.streamId, entry]));
  }

  async #activeSessions(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.database.run((manager) => manager.findBy(SessionEntity, { id: In([...ids]) }));
    return new Set(rows.filter(({ activeAt }) => activeAt !== null).map(({ id }) => id));
  }
}

function statusOf(stream: LiveStreamEntity, live: LiveStream | undefined, active: Set<string>): CurrentStatus {
  const sessionId = live?.claim.sessionId ?? null;
  if (!stream.enabled) return { status: 'disabled', sessionId };
  if (live === undefined) return { status: 'idle', sessionId };
  return { status: liveStatusOf(live, active), sessionId };
}

function liveStatusOf({ claim, disconnectedAtMs }: LiveStream, active: ReadonlySet<string>) {
  if (disconnectedAtMs !== undefined) return 'reconnecting';
  return active.has(claim.sessionId) ? 'active' : 'connected';
}
