// Shortens the addresses of people and encoders to their networks after their time. Addresses of viewers are kept nowhere.
import { Inject, Injectable } from '@nestjs/common';
import { shortenedAddress } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { Purges } from '../database/purges.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';

const SHORTEN_EVERY_MS = 10 * 60_000;
/** So many rows a step. */
const BATCH = 200;

interface AddressColumn {
  readonly table: string;
  readonly id: string;
  readonly column: string;
  /** When the address was seen. */
  readonly at: string;
}

/** Every column with the address of a client. */
export const ADDRESS_COLUMNS: readonly AddressColumn[] = [
  { table: 'audit_events', id: 'id', column: 'address', at: 'created_at' },
  { table: 'session_connections', id: 'session_id', column: 'client_address', at: 'ended_at' },
  { table: 'api_keys', id: 'id', column: 'last_used_address', at: 'last_used_at' },
  { table: 'console_sessions', id: 'id', column: 'address', at: 'last_used_at' },
];

interface AddressRow {
  readonly id: string;
  readonly address: string;
}

@Injectable()
export class AddressRetention {
  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    purges: Purges,
  ) {
    purges.add({
      what: 'whole addresses',
      everyMs: SHORTEN_EVERY_MS,
      run: (nowMs, stop) => this.shorten(nowMs, stop),
    });
  }

  async shorten(nowMs: number, stop?: AbortSignal): Promise<void> {
    const before = new Date(nowMs - this.settings.clientAddressRetentionMs);
    for (const column of ADDRESS_COLUMNS) {
      let found: number;
      do {
        found = await this.#shortenBatch(column, before);
      } while (found === BATCH && stop?.aborted !== true);
    }
  }

  /** @returns how many rows had a whole address */
  async #shortenBatch({ table, id, column, at }: AddressColumn, before: Date): Promise<number> {
    // The conditions are those of partial indexes.
    const isOld = `${at} < $1 AND strpos(${column}, '/') = 0 AND ${column} <> 'unknown'`;
    const select = `SELECT ${id} AS id, ${column} AS address FROM ${table} WHERE ${isOld} LIMIT ${BATCH}`;
    const update = `UPDATE ${table} AS row SET ${column} = old.network
      FROM unnest($2::text[], $3::text[], $4::text[]) AS old (id, address, network)
      WHERE row.${id} = old.id AND row.${column} = old.address AND row.${at} < $1`;
    return this.database.run(async (manager) => {
      const rows = await manager.query<AddressRow[]>(select, [before]);
      if (rows.length === 0) return 0;
      const addresses = rows.map(({ address }) => address);
      const ids = rows.map((row) => row.id);
      await manager.query(update, [before, ids, addresses, addresses.map(shortenedAddress)]);
      return rows.length;
    });
  }
}
