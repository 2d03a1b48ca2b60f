// What every REST route has besides its controller: a request id, careful headers, numbers.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { ProblemError } from '../http/problem-error.ts';
import { sendProblem } from './problem-filter.ts';
import { isPublicRoute } from '../http/public-routes.ts';
import { REQUEST_ID_HEADER } from '../http/request-id.ts';

type Done = () => void;

/** Answers are one caller's own: no cache may keep them, no browser may guess at them. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Adds the hooks to every route that is added from now on, but for the public ones: those are on the hot path. */
export function addApiHooks(server: FastifyInstance, metrics: GatewayMetrics): void {
  server.addHook('onRoute', (route: RouteOptions) => {
    if (isPublicRoute(route.config)) return;
    route.onRequest = [...listOf(route.onRequest), writeHeaders, countAddress];
    route.onResponse = [...listOf(route.onResponse), countRequest(metrics)];
  });
}

function writeHeaders(request: FastifyRequest, reply: FastifyReply, done: Done): void {
  void reply.headers(HEADERS).header(REQUEST_ID_HEADER, request.id);
  done();
}

function countAddress(request: FastifyRequest, reply: FastifyReply, done: Done): void {
  try {
    request.server.apiRates.countAddress(request, reply);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return sendProblem(request, reply, error);
  }
  done();
}

const countRequest =
  (metrics: GatewayMetrics) =>
  (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const route = request.routeOptions.url ?? 'none';
    const { method } = request;
    metrics.apiRequests.inc({ route, method, status: reply.statusCode });
    metrics.apiSeconds.observe({ route, method }, reply.elapsedTime / 1_000);
    done();
  };

const listOf = <T>(hooks: T | T[] | undefined): T[] =>
  hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks];
