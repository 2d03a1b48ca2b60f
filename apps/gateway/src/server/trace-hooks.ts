// A span for each API call, from its first byte to its answer: also for those that are refused.
import type { Span, SpanAttributes, Tracer } from '@millrace/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { IdPrefix, isId } from '@millrace/domain';
import { principalIfKnown } from '../auth/principal.ts';
import { isPublicRoute } from '../http/public-routes.ts';

type Done = () => void;

/** From here on the server failed, not its caller. */
const FIRST_SERVER_ERROR = 500;

/** Adds the hooks to every route that is added from now on, but for the public ones: those are on the hot path. */
export function addTraceHooks(server: FastifyInstance, tracer: Tracer): void {
  const spans = new WeakMap<FastifyRequest, Span>();

  const begin = (request: FastifyRequest, _reply: FastifyReply, done: Done): void => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'none';
    const parent = request.headers['traceparent'];
    const span = tracer.start(`${method} ${route}`, {
      kind: 'server',
      parent: typeof parent === 'string' ? parent : undefined,
      attributes: { 'http.request.method': method, 'http.route': route, 'millrace.request_id': request.id },
    });
    spans.set(request, span);
    done();
  };
  // Not earlier: reading a body begins a new chain of callbacks, which would run outside of the span.
  const enter = (request: FastifyRequest, _reply: FastifyReply, done: Done): void => {
    const span = spans.get(request);
    if (span) tracer.within(span, done);
    else done();
  };
  const end = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const { statusCode } = reply;
    const span = spans.get(request);
    span?.set({ 'http.response.status_code': statusCode, ...whose(request) });
    span?.end({ failure: statusCode >= FIRST_SERVER_ERROR ? String(statusCode) : undefined });
    done();
  };

  server.addHook('onRoute', (route: RouteOptions) => {
    if (isPublicRoute(route.config)) return;
    route.onRequest = [begin, ...listOf(route.onRequest)];
    route.preHandler = [enter, ...listOf(route.preHandler)];
    route.onResponse = [...listOf(route.onResponse), end];
  });
}

/** Whose call it was and what it was about, as far as that is known. */
function whose(request: FastifyRequest): SpanAttributes {
  const principal = principalIfKnown(request);
  const tenantId = principal?.kind === 'tenant' ? principal.tenantId : undefined;
  const ids = Object.values((request.params ?? {}) as Record<string, string>);
  const find = (prefix: IdPrefix): string | undefined => ids.find((id) => isId(prefix, id));
  const found = {
    'millrace.tenant_id': tenantId ?? find(IdPrefix.tenant),
    'millrace.stream_id': find(IdPrefix.liveStream),
    'millrace.session_id': find(IdPrefix.session),
    'millrace.room_id': find(IdPrefix.room),
    'millrace.participant_id': find(IdPrefix.participant),
  };
  return Object.fromEntries(Object.entries(found).filter(([, id]) => id !== undefined));
}

const listOf = <T>(hooks: T | T[] | undefined): T[] =>
  hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks];
