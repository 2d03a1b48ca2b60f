/** Why the database cannot be used, and what an operator can do about it. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}
