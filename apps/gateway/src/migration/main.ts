// Brings the tables of PostgreSQL up to date, says what was done, and ends: what a deployment runs before new gateways start.
import 'reflect-metadata';
import { ConfigError } from '@millrace/service-kit';
import { migrate } from '../database/migrate.ts';
import { describeFailure } from './describe-failure.ts';
import { migrationSettings } from './migration-settings.ts';

try {
  const { databaseUrl, databaseConnectTimeoutMs } = migrationSettings.parse(process.env);
  try {
    const done = await migrate(databaseUrl, databaseConnectTimeoutMs);
    const words = done.length === 0 ? 'The database is up to date.' : `Migrated the database: ${done.join(', ')}.`;
    process.stdout.write(`${words}\n`);
  } catch (error) {
    process.stderr.write(`${describeFailure(error, databaseUrl)}\n`);
    process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
