// Turns every error of an HTTP request into a problem document.
import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { LiveStoreError } from '@millrace/live-store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DatabaseBusy, DatabaseUnavailable } from '../database/database.errors.ts';
import type { ProblemCode } from '../http/problem-codes.ts';
import { ReplayedAnswer } from '../idempotency/idempotency-keys.ts';
import type { IdempotentAnswer } from '../idempotency/idempotency-keys.ts';
import { problemPage } from '../html/problem-page.ts';
import { sendPage } from '../html/send-page.ts';
import { prefersHtml } from '../http/accept.ts';
import { PROBLEM_TYPE, problemDocument } from '../http/problem-document.ts';
import { databaseBusy, dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import { REQUEST_ID_HEADER, requestIdFor } from '../http/request-id.ts';

const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'insufficient_scope',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  431: 'headers_too_large',
};

const DETAIL_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read.',
  404: 'There is nothing at this URL.',
  408: 'The request did not arrive in time.',
  413: 'The body is larger than this server accepts.',
  414: 'The URL, or one part of it, is longer than this server accepts.',
  415: 'The body must be application/json.',
};

/** Logs what is our fault, not the caller's. */
export interface FaultLog {
  error(fields: object, message: string): void;
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  /** @param onQuota called when a quota did not allow a request */
  constructor(
    private readonly log: FaultLog,
    private readonly onQuota: () => void,
  ) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() !== 'http') return throwError(() => error);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof ReplayedAnswer) return void sendReplay(reply, error.answer);
    const problem = this.#problemOf(error, request);
    if (problem.code === 'quota_exceeded') this.onQuota();
    if (!reply.sent) sendProblem(request, reply, problem);
    return undefined;
  }

  #problemOf(error: unknown, request: FastifyRequest): ProblemError {
    if (error instanceof ProblemError) return error;
    if (error instanceof HttpException && error.cause instanceof ProblemError) return error.cause;
    if (error instanceof DatabaseBusy) return databaseBusy(error);
    if (error instanceof DatabaseUnavailable) return dependencyUnavailable('The database', error);
    if (error instanceof LiveStoreError) return dependencyUnavailable('The live store', error);
    const status = statusOf(error);
    if (status === 404) return missingRoute(request);
    const code = CODE_OF_STATUS[status];
    if (code !== undefined)
      return new ProblemError(code, DETAIL_OF_STATUS[status] ?? 'The request was refused.', { cause: error });
    this.log.error({ err: error, request_id: request.id }, 'request failed');
    return new ProblemError('internal_error', 'An internal error occurred on this server.', { cause: error });
  }
}

/** RFC 9110 §15.5.6: an address that exists for other methods answers 405 and names them. */
function missingRoute(request: FastifyRequest): ProblemError {
  const allowed = request.server.routeTable.methodsAt(request.url);
  if (allowed.length === 0 || allowed.includes(request.method))
    return new ProblemError('not_found', 'There is nothing at this URL.');
  const allow = allowed.join(', ');
  return new ProblemError('method_not_allowed', `This URL accepts ${allow}.`, { headers: { allow } });
}

/** Answers a request with a problem; also used by routes outside Nest. A browser that opens an address gets a page. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): void {
  const requestId = requestIdFor(request);
  const document = problemDocument(problem, request.url, requestId);
  const headers = { 'cache-control': 'no-store', vary: 'accept', [REQUEST_ID_HEADER]: requestId, ...problem.headers };
  void reply.code(problem.status).headers(headers);
  if (request.method === 'GET' && prefersHtml(request.headers.accept))
    void sendPage(reply, problemPage(document), { 'cache-control': 'no-store' });
  else void reply.type(PROBLEM_TYPE).send(JSON.stringify(document));
}

function sendReplay(reply: FastifyReply, { status, location, etag, body }: IdempotentAnswer): void {
  void reply.code(status).header('idempotent-replayed', 'true');
  if (location !== null) void reply.header('location', location);
  if (etag !== null) void reply.header('etag', etag);
  if (body === undefined) void reply.send();
  else void reply.type('application/json; charset=utf-8').send(body);
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return 500;
}
