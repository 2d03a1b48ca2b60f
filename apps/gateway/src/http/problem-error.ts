import { PROBLEM_CODES } from './problem-codes.ts';
import type { ProblemCode } from './problem-codes.ts';

/** One fault of a request: a JSON pointer (RFC 6901) into the body, or `?name` for a parameter, and what is wrong there. */
export interface RequestFault {
  readonly pointer: string;
  /** For programs; `invalid` when not given. */
  readonly code?: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly RequestFault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error that answers the request: thrown by services and guards, sent as `application/problem+json` (RFC 9457). */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly RequestFault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, { errors = [], headers = {}, cause }: ProblemOptions = {}) {
    super(detail, { cause });
    this.name = 'ProblemError';
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEM_CODES[this.code].status;
  }
}

const MAX_FAULTS = 20;
/** Longest pointer that is written back: its parts are the caller's. */
const MAX_POINTER_LENGTH = 200;

/** Refuses fields of a body that the route does not know. */
export const unknownFields = (names: readonly string[]): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: names.slice(0, MAX_FAULTS).map((name) => ({
      pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`.slice(0, MAX_POINTER_LENGTH).toWellFormed(),
      code: 'unknown_field',
      detail: 'unknown field',
    })),
  });

/** Seconds that a client is asked to wait before it tries again. */
const RETRY_AFTER_S = 1;

/** Something that the gateway needs is away; `what` is shown to the caller. */
export const dependencyUnavailable = (what: string, cause?: unknown): ProblemError =>
  new ProblemError('dependency_unavailable', `${what} cannot be reached now.`, {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
    cause,
  });

/** The database is there, but too much is asked of it at once. */
export const databaseBusy = (cause: unknown): ProblemError =>
  new ProblemError('dependency_unavailable', 'The database is busy: too many concurrent requests.', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
    cause,
  });
