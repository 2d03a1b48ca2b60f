import { isConnectionFailure } from '../database/database.errors.ts';

/** Why there was no migration, for people; the address without its password. */
export function describeFailure(error: unknown, databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  const reason = wordsOf(error);
  if (isConnectionFailure(error))
    return `PostgreSQL at ${host} cannot be reached: ${reason}. Nothing was changed; try again when it is available.`;
  return `The database ${pathname.slice(1)} at ${host} could not be migrated: ${reason}. What this migration began was rolled back.`;
}

/** Node gives several failures in one, without a message, when a name has several addresses. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(wordsOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
