// Everything that the database holds of one tenant, as lines of JSON, but for its secrets.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';

/** So many rows are read at once: each read is one query, which may take as long as any other. */
const PAGE = 200;

const TENANTS = 'tenants';

/** Hashes and sealed secrets are bytes, and what else only serves to log in says so by its name. */
const isSecret = ({ type, name }: Column): boolean =>
  type === 'bytea' || type === '_bytea' || /password|secret|token/.test(name);

interface Column {
  readonly name: string;
  readonly type: string;
}

/** A table whose rows belong to tenants, by a column of its own or by what they refer to. */
interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  /** An SQL condition with `$1` for the tenant. */
  readonly belongs: string;
}

interface Reference {
  readonly table: string;
  readonly column: string;
  readonly parent: string;
  readonly parentColumn: string;
}

@Injectable()
export class TenantExport {
  constructor(private readonly database: Database) {}

  /** One line for each row, then one that says how many there were: without it, the export was cut short. */
  async *lines(tenantId: string): AsyncGenerator<string> {
    const tables = await this.database.run(tablesOfTenants);
    let rows = 0;
    for (const table of tables)
      for await (const row of this.#rowsOf(table, tenantId)) {
        rows++;
        yield `${JSON.stringify({ table: table.name, row })}\n`;
      }
    yield `${JSON.stringify({ complete: true, rows })}\n`;
  }

  /** In pages by the primary key: rows that are written meanwhile may be missing, and none is there twice. */
  async *#rowsOf(table: Table, tenantId: string): AsyncGenerator<Record<string, unknown>> {
    const { name, columns, key, belongs } = table;
    const shown = columns.filter((column) => !isSecret(column)).map((column) => quoted(column.name));
    const place = key.map(quoted);
    let after: readonly unknown[] = [];
    for (;;) {
      const parameters = place.map((_, i) => `$${i + 2}`).join(', ');
      const rest = after.length === 0 ? '' : `AND (${place.join(', ')}) > (${parameters})`;
      const query = `SELECT ${[...new Set([...place, ...shown])].join(', ')} FROM ${quoted(name)}
        WHERE ${belongs} ${rest} ORDER BY ${place.join(', ')} LIMIT ${PAGE}`;
      const page = await this.database.run((manager) =>
        manager.query<Record<string, unknown>[]>(query, [tenantId, ...after]),
      );
      for (const row of page) yield withoutSecrets(row, columns);
      const last = page.at(-1);
      if (page.length < PAGE || last === undefined) return;
      after = key.map((column) => last[column]);
    }
  }
}

/** Found in the catalogue of the database, so that no table of a later release is forgotten. */
async function tablesOfTenants(manager: EntityManager): Promise<Table[]> {
  const columns = await manager.query<{ table: string; name: string; type: string; in_key: boolean }[]>(
    `SELECT c.relname AS table, a.attname AS name, t.typname AS type, a.attnum = ANY (i.indkey) AS in_key
     FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       JOIN pg_type t ON t.oid = a.atttypid
       JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
     WHERE c.relkind = 'r' ORDER BY c.relname, a.attnum`,
  );
  const references = await manager.query<Reference[]>(
    `SELECT c.conrelid::regclass::text AS table, a.attname AS column, c.confrelid::regclass::text AS parent,
       p.attname AS "parentColumn"
     FROM pg_constraint c
       JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
       JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = c.confkey[1]
     WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND cardinality(c.conkey) = 1
     ORDER BY 1, 2, 3`,
  );
  const byTable = Map.groupBy(columns, ({ table }) => table);
  const found: Table[] = [];
  const belongsOf = (table: string): string | undefined => found.find(({ name }) => name === table)?.belongs;
  const add = (name: string, belongs: string): void => {
    const all = byTable.get(name) ?? [];
    found.push({ name, columns: all, key: all.filter(({ in_key }) => in_key).map((column) => column.name), belongs });
  };
  for (const [name, all] of byTable)
    if (name === TENANTS) add(name, 'id = $1');
    else if (all.some((column) => column.name === 'tenant_id')) add(name, 'tenant_id = $1');
  // What refers to those, and what refers to that.
  for (let before = -1; before !== found.length;) {
    before = found.length;
    for (const [table, own] of Map.groupBy(references, (reference) => reference.table)) {
      if (belongsOf(table) !== undefined) continue;
      const ways = own.flatMap(({ column, parent, parentColumn }) => {
        const belongs = belongsOf(parent);
        if (belongs === undefined) return [];
        return `${quoted(column)} IN (SELECT ${quoted(parentColumn)} FROM ${quoted(parent)} WHERE ${belongs})`;
      });
      if (ways.length > 0) add(table, `(${ways.join(' OR ')})`);
    }
  }
  return found;
}

/** A secret may be what its row is found by. */
const withoutSecrets = (row: Record<string, unknown>, columns: readonly Column[]): Record<string, unknown> =>
  Object.fromEntries(columns.filter((column) => !isSecret(column)).map(({ name }) => [name, row[name]]));

/** Names come from the catalogue; a word of SQL may be among them. */
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
