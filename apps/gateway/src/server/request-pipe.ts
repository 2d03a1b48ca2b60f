// Checks bodies, queries and path parameters against the zod schema that their decorator names.
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { notFound } from '../auth/principal.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { RequestFault } from '../http/problem-error.ts';

/** So many faults are told at once. */
const MAX_FAULTS = 20;

export class RequestPipe implements PipeTransform {
  transform(value: unknown, { type, schema }: ArgumentMetadata): unknown {
    if (schema === undefined) return value;
    if (!(schema instanceof z.ZodType)) throw new TypeError('request schemas are zod schemas');
    // A body that was left out has no fields.
    const result = schema.safeParse(type === 'body' && value === undefined ? {} : value);
    if (result.success) return result.data;
    // An id that cannot exist answers as one that does not.
    if (type === 'param') throw notFound();
    const errors = result.error.issues.flatMap((issue) => faultsOf(issue, type === 'query')).slice(0, MAX_FAULTS);
    throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', { errors });
  }
}

function faultsOf(issue: z.core.$ZodIssue, inQuery: boolean): RequestFault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: pointerTo([...path, key], inQuery),
      code: 'unknown_field',
      detail: 'unknown field',
    }));
  return [{ pointer: pointerTo(path, inQuery), code: codeOf(issue), detail: issue.message }];
}

/** What the library calls it, where that is a word for what the caller has to do. */
const CODES = new Set(['invalid_type', 'too_small', 'too_big', 'invalid_format', 'invalid_value']);

function codeOf({ code, message }: z.core.$ZodIssue): string {
  // A field that was left out is one of a wrong type to the library; only its message tells them apart.
  if (code === 'invalid_type' && message.endsWith('received undefined')) return 'required';
  return CODES.has(code) ? code : 'invalid';
}

/** Longest pointer that is written back: its parts are the caller's. */
const MAX_POINTER_LENGTH = 200;

/** RFC 6901 §3 for bodies; `?name` for parameters of the query. */
function pointerTo(path: readonly string[], inQuery: boolean): string {
  const pointer = inQuery
    ? `?${path.join('.')}`
    : path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return pointer.slice(0, MAX_POINTER_LENGTH).toWellFormed();
}
