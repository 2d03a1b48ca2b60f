// Which failures mean that PostgreSQL cannot be used now, rather than that a query was wrong.

/** PostgreSQL cannot be reached, or does not answer in time. */
export class DatabaseUnavailable extends Error {
  constructor(cause?: unknown, message = 'PostgreSQL cannot be reached') {
    super(message, { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** PostgreSQL can be reached, but more is asked of it than this gateway has connections for. */
export class DatabaseBusy extends DatabaseUnavailable {
  constructor() {
    super(undefined, 'all connections to PostgreSQL are in use');
    this.name = 'DatabaseBusy';
  }
}

/** The tables are older than this gateway, and it is not the one to change them. */
export class SchemaTooOld extends Error {
  constructor(missing: readonly string[]) {
    super(`the database schema is older than this gateway: run its migration (missing: ${missing.join(', ')})`);
    this.name = 'SchemaTooOld';
  }
}

/**
 * SQLSTATE classes and codes (PostgreSQL appendix A): connection exceptions, shutdown, start-up, too many connections, a
 * server that has become a read-only replica.
 */
const SQL_STATES = /^(08...|57P0[1-4]|53300|53200|25006)$/;
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** What the driver says without a code. */
const MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|connection.*not queryable|driver not connected|query runner already released|client was closed/i;

/** The query took longer than it may (57014, statement_timeout); the server itself is there. */
const QUERY_CANCELED = '57014';

export function isConnectionFailure(error: unknown): boolean {
  return chain(error).some(({ code, message }) => {
    if (code !== undefined && (SQL_STATES.test(code) || SYSTEM_CODES.has(code))) return true;
    return MESSAGES.test(message);
  });
}

export const isTooSlow = (error: unknown): boolean => chain(error).some(({ code }) => code === QUERY_CANCELED);

/** SQLSTATE 23503: what a row refers to is gone. */
export const isMissingReference = (error: unknown): boolean => chain(error).some(({ code }) => code === '23503');

/** SQLSTATE 40P01: two transactions have waited for each other, and this one was ended for it. It may be tried again. */
export const isDeadlock = (error: unknown): boolean => chain(error).some(({ code }) => code === '40P01');

/** The error and what is wrapped in it: TypeORM puts the driver's error into its own. */
function chain(error: unknown): { code: string | undefined; message: string }[] {
  const found: { code: string | undefined; message: string }[] = [];
  for (let next: unknown = error; next instanceof Error && found.length < 5; next = inner(next))
    found.push({
      code: 'code' in next && typeof next.code === 'string' ? next.code : undefined,
      message: next.message,
    });
  return found;
}

const inner = (error: Error): unknown => ('driverError' in error ? error.driverError : error.cause);
