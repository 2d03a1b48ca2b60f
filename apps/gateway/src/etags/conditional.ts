// Routes that change an object take `If-Match`; their answers, and those of reads, have an `ETag`.
import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tap } from 'rxjs';
import type { Observable } from 'rxjs';
import { ProblemError } from '../http/problem-error.ts';
import { entityTag } from './entity-tag.ts';
import type { Stamped } from './entity-tag.ts';

const CONDITIONAL = 'millrace:conditional';
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Declares that a route's service calls `requireMatch`. Any other route that writes refuses the header rather than ignore it. */
export const Conditional = (): MethodDecorator =>
  applyDecorators(
    SetMetadata(CONDITIONAL, true),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description:
        '`ETag` of the version that the change is based on: 412 `etag_mismatch` if the object has changed since.',
    }),
  );

@Injectable()
export class EntityTags implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const isConditional = this.reflector.get<true | undefined>(CONDITIONAL, context.getHandler()) === true;
    if (request.headers['if-match'] !== undefined && !isConditional && !READS.has(request.method)) throw unsupported();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap((answer) => {
        if (isStamped(answer)) void reply.header('etag', entityTag(answer));
      }),
    );
  }
}

const isStamped = (answer: unknown): answer is Stamped =>
  typeof answer === 'object' && answer !== null && 'created_at' in answer && typeof answer.created_at === 'string';

const unsupported = (): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer: 'If-Match', detail: 'this request cannot be made conditional' }],
  });
