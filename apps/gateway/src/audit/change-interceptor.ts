// Every request that may change something leaves an audit event: what its service has not recorded in the transaction of the change,
// such as a token that is only signed, is recorded before it is answered.
import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { mergeMap } from 'rxjs';
import type { Observable } from 'rxjs';
import { principalIfKnown } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { hasRecordedChange, recordChange } from './record-change.ts';
import type { Change } from './record-change.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

@Injectable()
export class ChangeInterceptor implements NestInterceptor {
  constructor(private readonly database: Database) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const caller = principalIfKnown(request);
    if (caller === undefined || READS.has(request.method)) return next.handle();
    return next.handle().pipe(
      mergeMap(async (answer) => {
        if (!hasRecordedChange(caller)) await this.#record(caller, changeOf(caller, request, answer));
        return answer;
      }),
    );
  }

  async #record(caller: Principal, change: Change): Promise<void> {
    await this.database.transaction((manager) => recordChange(manager, caller, change));
  }
}

/** What the request itself tells of its change: what it names, and what it has made. */
function changeOf(caller: Principal, { method, params, body }: FastifyRequest, answer: unknown): Change {
  const named = fieldsOf(params);
  const made = fieldsOf(answer);
  const tenantId =
    caller.kind === 'tenant'
      ? caller.tenantId
      : (made['tenant_id'] ?? fieldsOf(body)['tenant_id'] ?? named['tenant_id']);
  const objectId = textOf(made['id']) ?? textOf(Object.values(named).at(-1));
  return {
    tenantId: textOf(tenantId),
    objectId,
    ...(method === 'POST' && typeof made['id'] === 'string' && { after: made }),
  };
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
