// Brings the tables up to date, one process at a time.
import type { DataSource } from 'typeorm';
import { MIGRATIONS, newDataSource } from './data-source.ts';

/** The key of the advisory lock under which migrations run; any number that nothing else in this database uses. */
const MIGRATION_LOCK = 7_041_795_000;
/** One connection holds the lock, the other one migrates. */
const CONNECTIONS = 2;

/**
 * Runs the migrations that this database has not seen.
 *
 * @returns their names
 */
export async function migrate(url: string, connectTimeoutMs: number): Promise<string[]> {
  return withDataSource(url, connectTimeoutMs, async (source) => {
    const holder = source.createQueryRunner();
    try {
      await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
      const done = await source.runMigrations({ transaction: 'each' });
      await holder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
      return done.map((migration) => migration.name);
    } finally {
      await holder.release();
    }
  });
}

/** The migrations that this database has not seen; nothing is written. */
export async function missingMigrations(url: string, connectTimeoutMs: number): Promise<string[]> {
  const all = MIGRATIONS.map(({ name }) => name);
  return withDataSource(url, connectTimeoutMs, async (source) => {
    const [table] = await source.query<{ there: boolean }[]>(`SELECT to_regclass('migrations') IS NOT NULL AS there`);
    if (table?.there !== true) return all;
    const done = await source.query<{ name: string }[]>('SELECT name FROM migrations');
    const names = new Set(done.map(({ name }) => name));
    return all.filter((name) => !names.has(name));
  });
}

async function withDataSource<T>(url: string, connectTimeoutMs: number, work: (source: DataSource) => Promise<T>) {
  const source = newDataSource({
    url,
    connectTimeoutMs,
    maxConnections: CONNECTIONS,
    queryTimeoutMs: undefined,
    onPoolError: () => undefined,
  });
  await source.initialize();
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}
