// Brings the tables up to date at start, one gateway at a time.
import { newDataSource } from './data-source.ts';

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
  const source = newDataSource({
    url,
    connectTimeoutMs,
    maxConnections: CONNECTIONS,
    queryTimeoutMs: undefined,
    onPoolError: () => undefined,
  });
  await source.initialize();
  try {
    const holder = source.createQueryRunner();
    try {
      await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
      const done = await source.runMigrations({ transaction: 'each' });
      await holder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
      return done.map((migration) => migration.name);
    } finally {
      await holder.release();
    }
  } finally {
    await source.destroy();
  }
}
