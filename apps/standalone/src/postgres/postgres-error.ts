/** What stands in the way of a database, said so that an operator can act on it. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}
