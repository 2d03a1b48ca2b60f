// Requests that want to leave HTTP. Only those are upgraded that a feature has asked for; any other is answered as if it had not
// asked (RFC 9110 section 7.8: a server may ignore it), which clients that offer `h2c` count on.
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { repeatedHeader } from '@millrace/service-kit';
import { PROBLEM_TYPE, problemDocument } from './problem-document.ts';
import { ProblemError } from './problem-error.ts';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts';

export interface UpgradeRoute {
  /** Whether a request with this path is for it. */
  matches(path: string): boolean;
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void;
}

export class UpgradeRoutes {
  readonly #routes: UpgradeRoute[] = [];

  add(route: UpgradeRoute): void {
    this.#routes.push(route);
  }

  /** Node's `shouldUpgradeCallback`. */
  accepts(request: IncomingMessage): boolean {
    return request.headers.upgrade?.toLowerCase() === 'websocket' && this.#find(request) !== undefined;
  }

  guard(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
      const route = this.#find(request);
      const header = repeatedHeader(request.rawHeaders);
      if (route === undefined) connection.destroy();
      else if (header !== undefined)
        refuseUpgrade(request, connection, new ProblemError('invalid_request', `The request repeats ${header}.`));
      else route.upgrade(request, connection, head);
    });
  }

  #find(request: IncomingMessage): UpgradeRoute | undefined {
    const path = pathOf(request);
    return this.#routes.find((route) => route.matches(path));
  }
}

/** The path of a request, without its query. */
export const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

/** Answers instead of upgrading. */
export function refuseUpgrade(request: IncomingMessage, connection: Duplex, problem: ProblemError): void {
  const requestId = requestIdOf(request);
  const body = JSON.stringify(problemDocument(problem, request.url ?? '/', requestId));
  const headers = {
    ...problem.headers,
    [REQUEST_ID_HEADER]: requestId,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  // The client may go away before having read it.
  connection.on('error', () => connection.destroy());
  connection.end(
    [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`, ...lines, '', body].join('\r\n'),
    () => connection.destroy(),
  );
}
