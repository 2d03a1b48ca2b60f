// /healthz, /readyz, /metrics and /drain on a port of their own, so that they answer while the service's own port drains.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Metrics } from '../metrics/metrics.ts';
import { checkIntervalMs } from '../connections/check-interval.ts';
import type { Drain } from '../shutdown/drain.ts';
import { repeatedHeader } from '../connections/repeated-header.ts';
import { AdminConnections } from './admin-connections.ts';
import type { Readiness } from './readiness.ts';

/** A request that is not whole after this time is cut. */
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 8 * 1024;
/** By the addresses that `kubectl port-forward` and a shell in the container come from. Meshes use others of 127.0.0.0/8. */
const THIS_MACHINE: readonly (string | undefined)[] = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];

export interface AdminServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

/** What /drain needs once the service runs. */
export interface DrainDoor {
  readonly drain: Drain;
  /** Whether other machines may begin it. */
  readonly fromAnywhere: boolean;
}

export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #server: Server;
  #door: DrainDoor | undefined;
  #collecting: Promise<string> | undefined;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    readinessMetrics(options.metrics, options.readiness);
    this.#server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: checkIntervalMs(REQUEST_TIMEOUT_MS),
        keepAliveTimeout: REQUEST_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (request, response) => void this.#answer(request, response),
    );
    const connections = new AdminConnections();
    this.#server.prependListener('connection', (socket: Socket) => connections.add(socket));
    this.#server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      connections.serve(socket);
      response.once('close', () => connections.rest(socket));
    });
  }

  /** @returns the port it listens on */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on there is something to drain. */
  offerDrain(door: DrainDoor): void {
    this.#door = door;
  }

  /** Closes the port and every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const repeated = repeatedHeader(request.rawHeaders);
    if (repeated !== undefined) return send(request, response, 400, 'text/plain', `more than one header ${repeated}\n`);
    const path = request.url?.split('?', 1)[0];
    if (path === '/drain' && request.method === 'POST') return this.#beginDrain(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return send(request, response, 405, 'text/plain', 'use GET or HEAD\n');
    }
    switch (path) {
      case '/healthz':
        return send(request, response, 200, 'text/plain', 'ok\n');
      case '/readyz': {
        const report = this.#options.readiness.report();
        const body = `${JSON.stringify(report)}\n`;
        return send(request, response, report.ready ? 200 : 503, 'application/json', body);
      }
      case '/metrics':
        return this.#sendMetrics(request, response);
      case '/drain':
        return this.#sendDrain(request, response, 200);
      default:
        return send(request, response, 404, 'text/plain', '/healthz, /readyz, /metrics, /drain\n');
    }
  }

  /**
   * This port has no authentication, and an empty pod is what an attacker would like: so only this machine may, unless it is
   * set otherwise, and no web page in a browser on it. Browsers say so with each POST.
   */
  #beginDrain(request: IncomingMessage, response: ServerResponse): void {
    const { remoteAddress, localAddress } = request.socket;
    // A pod whose port is bound to its own address, as TURN on its node's network, reaches it from that address.
    const isThisMachine = THIS_MACHINE.includes(remoteAddress) || remoteAddress === localAddress;
    const isNear = isThisMachine && request.headers.origin === undefined;
    if (this.#door !== undefined && !isNear && !this.#door.fromAnywhere) {
      return send(
        request,
        response,
        403,
        'text/plain',
        'accepted only from this machine, unless MILLRACE_ADMIN_DRAIN is set\n',
      );
    }
    void this.#door?.drain.begin('request');
    return this.#sendDrain(request, response, 202);
  }

  #sendDrain(request: IncomingMessage, response: ServerResponse, status: number): void {
    if (this.#door === undefined)
      return send(request, response, 503, 'text/plain', 'still starting, or nothing to drain\n');
    send(request, response, status, 'application/json', `${JSON.stringify(this.#door.drain.report())}\n`);
  }

  async #sendMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics } = this.#options;
    try {
      // One text for all that ask at the same time: making it costs more than sending it.
      this.#collecting ??= metrics.text().finally(() => (this.#collecting = undefined));
      send(request, response, 200, metrics.contentType, await this.#collecting);
    } catch (error) {
      send(request, response, 500, 'text/plain', `the metrics cannot be collected: ${(error as Error).message}\n`);
    }
  }
}

function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** What /readyz says, as metrics: which dependency is away shows on dashboards and in alerts. */
function readinessMetrics(metrics: Metrics, readiness: Readiness): void {
  const ready = metrics.gauge('ready', '1 while this process accepts new work.');
  const checks = metrics.gauge('ready_check', '1 while this readiness check passes.', ['check']);
  metrics.beforeCollect(() => {
    const report = readiness.report();
    ready.set(report.ready ? 1 : 0);
    // `process` comes and goes: starting, stopping.
    checks.remove('process');
    for (const [check, answer] of Object.entries(report.checks)) checks.set({ check }, answer === 'ok' ? 1 : 0);
  });
}
