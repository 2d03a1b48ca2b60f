// One log line for each REST call that may have changed something: who, from where, what, and how it ended.
import type { Logger } from '@millrace/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { principalIfKnown } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { isPublicRoute } from '../http/public-routes.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Adds the hook to every REST route that is added from now on. Bodies are not logged: they may hold secrets. */
export function addWriteLog(server: FastifyInstance, logger: Logger): void {
  server.addHook('onRoute', (route: RouteOptions) => {
    const methods = Array.isArray(route.method) ? route.method : [route.method];
    if (isPublicRoute(route.config) || methods.every((method) => READS.has(method))) return;
    const hooks = route.onResponse ?? [];
    route.onResponse = [
      ...(Array.isArray(hooks) ? hooks : [hooks]),
      (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
        logger.info(fieldsOf(request, reply), 'REST write');
        done();
      },
    ];
  });
}

function fieldsOf(request: FastifyRequest, reply: FastifyReply): object {
  const principal = principalIfKnown(request);
  const caller = principal === undefined ? { caller: 'unknown' } : callerFields(principal);
  const created = reply.getHeader('location');
  return {
    method: request.method,
    route: request.routeOptions.url ?? 'none',
    status: reply.statusCode,
    request_id: request.id,
    address: request.server.clientAddresses.of(request.raw),
    ...caller,
    ...(request.params as object),
    ...(created !== undefined && { created }),
  };
}

function callerFields(principal: Principal): object {
  const { kind, actor, consoleSessionId } = principal;
  return {
    caller: kind,
    ...(kind === 'tenant' && { tenant_id: principal.tenantId }),
    ...(actor.id !== null && { [actor.type === 'user' ? 'user_id' : 'api_key_id']: actor.id }),
    ...(consoleSessionId !== undefined && { console_session_id: consoleSessionId }),
  };
}
