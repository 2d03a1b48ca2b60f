// Before every POST of a caller who has sent an `Idempotency-Key`.
import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { HTTP_CODE_METADATA } from '@nestjs/common/constants.js';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { KeyHasher } from '../auth/key-hasher.ts';
import { principalIfKnown, shareOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { ProblemError } from '../http/problem-error.ts';
import { IdempotencyKeys } from './idempotency-keys.ts';
import type { IdempotentRequest } from './idempotency-keys.ts';

export const IDEMPOTENCY_HEADER = 'idempotency-key';
export const MAX_KEY_LENGTH = 255;
const KEY = new RegExp(`^[\\x21-\\x7e]{1,${MAX_KEY_LENGTH}}$`);
const CREATED = 201;

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly hasher: KeyHasher,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = request.headers[IDEMPOTENCY_HEADER];
    const caller = principalIfKnown(request);
    if (key === undefined || caller === undefined || request.method !== 'POST') return next.handle();
    const status = this.reflector.get<number | undefined>(HTTP_CODE_METADATA, context.getHandler()) ?? CREATED;
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return from(this.#carryOutOnce(this.#requestOf(caller, request, key), caller, { status, reply }, next));
  }

  async #carryOutOnce(
    request: IdempotentRequest,
    caller: Principal,
    { status, reply }: { readonly status: number; readonly reply: FastifyReply },
    next: CallHandler<unknown>,
  ): Promise<unknown> {
    const attempt = await this.keys.begin(request);
    caller.request.inTransaction = (manager) => attempt.commit(manager);
    let answer: unknown;
    try {
      answer = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      // When the database is away, the lease ends by itself.
      await attempt.failed().catch(() => undefined);
      throw error;
    }
    await attempt.answered({ status, location: headerOf(reply, 'location'), etag: headerOf(reply, 'etag') }, answer);
    return answer;
  }

  #requestOf(caller: Principal, request: FastifyRequest, key: string | string[]): IdempotentRequest {
    if (typeof key !== 'string' || !KEY.test(key))
      throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
        errors: [{ pointer: 'Idempotency-Key', detail: `must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters` }],
      });
    const requestHash = this.hasher.hash(`${request.url}\n${JSON.stringify(sorted(request.body))}`);
    return { owner: shareOf(caller), route: request.routeOptions.url ?? '', key, requestHash };
  }
}

const headerOf = (reply: FastifyReply, name: string): string | null => {
  const value = reply.getHeader(name);
  return typeof value === 'string' ? value : null;
};

/** The same for two bodies that differ in the order of their fields alone. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value ?? null;
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => [name, sorted(part)]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
