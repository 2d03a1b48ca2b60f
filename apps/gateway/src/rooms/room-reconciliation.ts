// Makes the rows of rooms true where events were lost, and forgets what is old.
import { Inject, Injectable } from '@nestjs/common';
import { ROOM_CONTROL } from '@millrace/control';
import type { RoomControl } from '@millrace/control';
import { PRESENCE_STORE } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import { LessThan } from 'typeorm';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { RelayCredentials } from '../relay/relay-credentials.ts';
import { SessionRecorder } from '../sessions/session-recorder.ts';
import type { GatewaySettings } from '../settings.ts';
import { roomFinished } from './room-writes.ts';
import { RoomEntity } from './room.entity.ts';

/** So many open rooms are looked at in one round, and asked for at once. */
const MAX_OPEN = 10_000;
const ASK_AT_ONCE = 500;
/** While no room is open, the table is looked at in one of so many rounds. */
const ROUNDS_AT_REST = 5;
const PURGE_EVERY_MS = 10 * 60_000;

interface OpenRow {
  readonly id: string;
  readonly tenant_id: string;
  /** Ended, or its tenant is suspended. */
  readonly must_end: boolean;
}

@Injectable()
export class RoomReconciliation {
  /** Open in the table, not in presence, as of the last round. */
  #missing = new Set<string>();
  #lookedAtMs = 0;
  /** Whether rooms were open as of the last look. */
  #wasOpen = true;
  #purgedAtMs = 0;

  constructor(
    private readonly database: Database,
    private readonly recorder: SessionRecorder,
    private readonly credentials: RelayCredentials,
    @Inject(PRESENCE_STORE) private readonly presence: PresenceStore,
    @Inject(ROOM_CONTROL) private readonly control: RoomControl,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async reconcile(nowMs: number): Promise<void> {
    if (this.presence.isReady()) await this.#compare(nowMs);
    if (nowMs - this.#purgedAtMs < PURGE_EVERY_MS) return;
    this.#purgedAtMs = nowMs;
    await deleteInBatches(this.database, RoomEntity, {
      endedAt: LessThan(new Date(nowMs - this.settings.roomRetentionMs)),
    });
    await this.credentials.purge(nowMs);
  }

  /** Finishes what was not open in two rounds: a room may open between reading the one side and the other. */
  async #compare(nowMs: number): Promise<void> {
    if (!this.#wasOpen && nowMs - this.#lookedAtMs < ROUNDS_AT_REST * this.settings.reconcileMs) return;
    const rows = await this.#openRows();
    this.#lookedAtMs = nowMs;
    this.#wasOpen = rows.length > 0;
    const missing = new Set<string>();
    for (let from = 0; from < rows.length; from += ASK_AT_ONCE) {
      const some = rows.slice(from, from + ASK_AT_ONCE);
      const open = await this.presence.openRooms(some.map(({ id }) => id));
      for (const [i, { id, tenant_id: tenantId, must_end: mustEnd }] of some.entries()) {
        if (open[i] === undefined) {
          missing.add(id);
          if (this.#missing.has(id)) this.recorder.record(roomFinished({ tenantId, roomId: id, atMs: nowMs }));
        } else if (mustEnd) this.control.roomEnd({ tenantId, roomId: id });
      }
    }
    this.#missing = missing;
  }

  #openRows(): Promise<OpenRow[]> {
    return this.database.run((manager) =>
      manager.query<OpenRow[]>(
        `SELECT rooms.id, tenant_id, (ended_at IS NOT NULL OR tenants.status = 'suspended') AS must_end
         FROM rooms JOIN tenants ON tenants.id = tenant_id
         WHERE started_at IS NOT NULL AND (finished_at IS NULL OR finished_at < started_at) LIMIT ${MAX_OPEN}`,
      ),
    );
  }
}
