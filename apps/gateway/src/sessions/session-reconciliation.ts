// Makes the session rows true where events were lost: of the beginning of a session, or of its end.
import { Inject, Injectable } from '@nestjs/common';
import type { LiveStream } from '@millrace/live-store';
import { LessThan } from 'typeorm';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { SessionEntity } from './session.entity.ts';
import { SessionRecorder } from './session-recorder.ts';
import { publishBegan, publisherMissed, sessionEnded } from './session-writes.ts';

/** Connections whose rows this process has seen to. */
const MAX_SEEN = 50_000;
/** So many sessions without an end are looked at in one round. */
const MAX_OPEN = 10_000;
/** While no stream is live and no session is open, the table is looked at in one of so many rounds. */
const ROUNDS_AT_REST = 5;
const PURGE_EVERY_MS = 60 * 60_000;

interface OpenRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly live_stream_id: string;
  readonly segments: number | null;
}

@Injectable()
export class SessionReconciliation {
  readonly #seen = new BoundedCache<string, 'connected' | 'gone'>(MAX_SEEN);
  /** Open in the database, not in the live store, as of the last round. */
  #missing = new Set<string>();
  #lookedAtMs = 0;
  /** Whether sessions were live or open as of the last look. */
  #wasOpen = true;
  #purgedAtMs = 0;

  constructor(
    private readonly database: Database,
    private readonly recorder: SessionRecorder,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** @param live every stream with an open session */
  async reconcile(live: readonly LiveStream[], nowMs: number): Promise<void> {
    for (const stream of live) this.#note(stream);
    await this.#endMissing(new Set(live.map(({ claim }) => claim.sessionId)), nowMs);
    await this.#purge(nowMs);
  }

  #note({ claim, disconnectedAtMs }: LiveStream): void {
    const name = `${claim.sessionId} ${claim.epoch}`;
    const seen = this.#seen.get(name);
    if (seen === undefined) this.recorder.record(publishBegan(claim, undefined));
    if (disconnectedAtMs !== undefined && seen !== 'gone')
      this.recorder.record(publisherMissed(claim, disconnectedAtMs));
    this.#seen.set(name, disconnectedAtMs === undefined ? 'connected' : 'gone');
  }

  /** Ends what was not live in two rounds: a session may begin between reading the one side and the other. */
  async #endMissing(live: ReadonlySet<string>, nowMs: number): Promise<void> {
    if (live.size === 0 && !this.#wasOpen && nowMs - this.#lookedAtMs < ROUNDS_AT_REST * this.settings.reconcileMs)
      return;
    const missing = await this.database.run((manager) =>
      manager.query<OpenRow[]>(
        `SELECT id, tenant_id, live_stream_id, segments FROM sessions
         WHERE ended_at IS NULL AND id <> ALL ($1::text[]) LIMIT ${MAX_OPEN}`,
        [[...live]],
      ),
    );
    this.#lookedAtMs = nowMs;
    this.#wasOpen = live.size + missing.length > 0;
    for (const { id, tenant_id: tenantId, live_stream_id: liveStreamId, segments } of missing) {
      if (!this.#missing.has(id)) continue;
      const ended = { sessionId: id, tenantId, streamId: liveStreamId, endedAtMs: nowMs, segments };
      this.recorder.record(sessionEnded(ended));
    }
    this.#missing = new Set(missing.map(({ id }) => id));
  }

  async #purge(nowMs: number): Promise<void> {
    if (nowMs - this.#purgedAtMs < PURGE_EVERY_MS) return;
    this.#purgedAtMs = nowMs;
    const before = new Date(nowMs - this.settings.sessionRetentionMs);
    await deleteInBatches(this.database, SessionEntity, { endedAt: LessThan(before) });
  }
}
