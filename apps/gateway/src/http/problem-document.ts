// RFC 9457: the body of every error answer.
import { PROBLEM_CODES, PROBLEM_PAGE } from './problem-codes.ts';
import type { ProblemError, RequestFault } from './problem-error.ts';

export const PROBLEM_TYPE = 'application/problem+json';
/** Longest `instance` that is written back to the caller. */
const MAX_INSTANCE_LENGTH = 256;

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: readonly Required<RequestFault>[];
}

/**
 * Writes the document.
 *
 * @param url the request's target; its query is left out, since it may hold what must not be repeated
 */
export function problemDocument(problem: ProblemError, url: string, requestId: string): ProblemDocument {
  const { status, title } = PROBLEM_CODES[problem.code];
  const path = url.split('?', 1)[0] ?? '/';
  return {
    type: `${PROBLEM_PAGE}#${problem.code}`,
    title,
    status,
    detail: problem.message,
    instance: path.slice(0, MAX_INSTANCE_LENGTH),
    code: problem.code,
    request_id: requestId,
    ...(problem.errors.length > 0 && {
      errors: problem.errors.map(({ pointer, code = 'invalid', detail }) => ({ pointer, code, detail })),
    }),
  };
}
