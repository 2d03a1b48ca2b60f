// The order of events: the numbers of the transactions that wrote them, which go on from where they were after a dump was restored.
//
// PostgreSQL numbers transactions for itself: a dump keeps the numbers of the events in it, and the PostgreSQL into which it is restored
// begins with others, lower ones as a rule. New events would then come before old ones, and old ones be hidden as if their transactions had yet
// to begin. So what this PostgreSQL says of transactions is moved ahead, behind the newest event.
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';

/** No row: it was not restored. */
const AHEAD = `(SELECT coalesce(max(ahead), 0) FROM event_clock)`;

/** SQL: the number of this transaction among events, an `xid8`. */
export const TRANSACTION_OF_EVENT = `(pg_current_xact_id()::text::bigint + ${AHEAD})::text::xid8`;

export interface EventClock {
  /** Transactions before this one are over. */
  readonly horizon: bigint;
  /** The next transaction. */
  readonly newest: bigint;
}

export async function readEventClock(manager: EntityManager): Promise<EventClock> {
  const [row]: { horizon: string; newest: string }[] = await manager.query(
    `SELECT (pg_snapshot_xmin(snapshot)::text::bigint + ${AHEAD})::text AS horizon,
       (pg_snapshot_xmax(snapshot)::text::bigint + ${AHEAD})::text AS newest
     FROM pg_current_snapshot() AS snapshot`,
  );
  return { horizon: BigInt(row!.horizon), newest: BigInt(row!.newest) };
}

/** Looks at each connection to PostgreSQL whether it is another one, before anything is read or written. */
@Injectable()
export class EventClockSetter {
  constructor(
    database: Database,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    database.beforeUse((manager) => this.#set(manager));
  }

  async #set(manager: EntityManager): Promise<void> {
    if (!(await isBehind(manager))) return;
    await manager.transaction(async (within) => {
      // Other gateways may do the same, and those of the release before do not wait for it.
      await within.query('LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE');
      if (!(await isBehind(within))) return;
      await within.query(
        `INSERT INTO event_clock (ahead)
         SELECT max(transaction::text::bigint) + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         FROM (SELECT transaction FROM events ORDER BY events.transaction DESC LIMIT 1) AS newest
         ON CONFLICT (single) DO UPDATE SET ahead = excluded.ahead`,
      );
      this.logger.info('the database was restored from a dump: new events follow those in it');
    });
  }
}

/** Whether there is an event of a transaction that has yet to begin. */
async function isBehind(manager: EntityManager): Promise<boolean> {
  const { newest } = await readEventClock(manager);
  const rows: unknown[] = await manager.query(`SELECT 1 FROM events WHERE events.transaction >= $1::xid8 LIMIT 1`, [
    String(newest),
  ]);
  return rows.length > 0;
}
