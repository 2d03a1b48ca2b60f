// The HTTP server: its limits, and problem documents for what never reaches a route.
import { AddressRanges, checkIntervalMs, ClientAddresses } from '@millrace/service-kit';
import type { Logger, Metrics, Tracer } from '@millrace/service-kit';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewaySettings } from '../settings.ts';
import { createGatewayMetrics } from '../ports/gateway-metrics.ts';
import { RouteTable } from '../http/route-table.ts';
import { ApiRates, createRateRefusals } from './api-rates.ts';
import { addApiHooks } from './api-hooks.ts';
import { addTraceHooks } from './trace-hooks.ts';
import { createHttpRefusals, HttpConnectionGuard } from './http-connection-guard.ts';
import { Http2Sessions } from './http2-sessions.ts';
import { acceptJsonOnly } from './json-body.ts';
import type { ProblemCode } from '../http/problem-codes.ts';
import { PROBLEM_TYPE, problemDocument } from '../http/problem-document.ts';
import { ProblemError } from '../http/problem-error.ts';
import { sendProblem } from './problem-filter.ts';
import { addWriteLog } from './write-log.ts';
import { requestIdOf } from '../http/request-id.ts';
import { UpgradeRoutes } from '../http/upgrade-routes.ts';

/** Longest part of a path that is an id or a file name. */
const MAX_PARAM_LENGTH = 160;

declare module 'fastify' {
  interface FastifyInstance {
    readonly routeTable: RouteTable;
    readonly clientAddresses: ClientAddresses;
    readonly apiRates: ApiRates;
    readonly connectionGuard: HttpConnectionGuard;
    readonly http2Sessions: Http2Sessions;
    readonly upgradeRoutes: UpgradeRoutes;
  }
}

/** Makes the adapter for `NestFactory.create`; together with `bodyParser: false` there. */
export function createHttpAdapter(
  settings: GatewaySettings,
  metrics: Metrics,
  logger: Logger,
  tracer: Tracer,
): FastifyAdapter {
  const upgradeRoutes = new UpgradeRoutes();
  const options: FastifyServerOptions<Server> & { http: ServerOptions; skipMiddie: boolean } = {
    bodyLimit: settings.httpMaxBodyBytes,
    requestTimeout: settings.httpRequestTimeoutMs,
    keepAliveTimeout: settings.httpKeepAliveMs,
    genReqId: requestIdOf,
    logger: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // No middleware: guards run before controllers, and nothing runs before the hot path.
    skipMiddie: true,
    // A path has one spelling: another one is another path (or none), for routes and guards alike.
    routerOptions: {
      maxParamLength: MAX_PARAM_LENGTH,
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
    },
    http: {
      maxHeaderSize: settings.httpMaxHeaderBytes,
      headersTimeout: settings.httpRequestTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs(settings.httpRequestTimeoutMs),
      shouldUpgradeCallback: (request) => upgradeRoutes.accepts(request),
    },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerBrokenRequest,
  };
  const adapter = new FastifyAdapter(options);
  const server: FastifyInstance = adapter.getInstance();
  server.server.maxConnections = settings.httpMaxConnections;
  const { httpTrustedProxies, httpForwardedHeader: header } = settings;
  const clients = new ClientAddresses({ trusted: new AddressRanges(httpTrustedProxies), header });
  const guard = new HttpConnectionGuard(settings, clients, createHttpRefusals(metrics));
  const http2 = new Http2Sessions(settings, server.server, () => guard.countUnread());
  guard.guard(server.server, http2);
  server.decorate('connectionGuard', guard);
  server.decorate('http2Sessions', http2);
  upgradeRoutes.guard(server.server);
  server.decorate('upgradeRoutes', upgradeRoutes);
  server.decorate('clientAddresses', clients);
  server.decorate('apiRates', new ApiRates(settings, clients, createRateRefusals(metrics)));
  server.decorate('routeTable', new RouteTable());
  server.routeTable.watch(server);
  acceptJsonOnly(server);
  addApiHooks(server, createGatewayMetrics(metrics));
  addWriteLog(server, logger);
  if (tracer.isOn) addTraceHooks(server, tracer);
  return adapter;
}

/** What the router finds wrong with an address before it looks for a route. */
function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const code: ProblemCode = error.statusCode === 414 ? 'uri_too_long' : 'invalid_request';
  const detail = code === 'uri_too_long' ? 'One part of the URL is too long.' : 'The URL is malformed.';
  sendProblem(request, reply, new ProblemError(code, detail, { cause: error }));
}

const CODE_OF_PARSER_ERROR: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** What is not even HTTP: there is no request yet, so the answer is written by hand, and the connection ends. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const code = CODE_OF_PARSER_ERROR[error.code ?? ''] ?? 'invalid_request';
  const problem = new ProblemError(code, 'The request is not valid HTTP.');
  const body = JSON.stringify(problemDocument(problem, '/', ''));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
