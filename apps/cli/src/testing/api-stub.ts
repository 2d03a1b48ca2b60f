// Answers as the gateway does, as far as a test says: status and body by method and path.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubRequest {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly lastEventId: string | undefined;
  readonly body: string;
}

type StubAnswer = (request: StubRequest, response: ServerResponse) => void;

export class ApiStub implements AsyncDisposable {
  readonly asked: StubRequest[] = [];
  readonly #server: Server;
  /** By the beginning of `METHOD /path`. */
  readonly #answers = new Map<string, StubAnswer>();

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  on(line: string, answer: StubAnswer): void {
    this.#answers.set(line, answer);
  }

  json(line: string, body: unknown, status = 200): void {
    this.on(line, (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  problem(line: string, status: number, code: string, detail: string): void {
    const problem = { type: `/docs/errors#${code}`, title: code, status, detail, code, request_id: 'req_1' };
    this.on(line, (_, response) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    const { method, url, headers } = request;
    const asked: StubRequest = {
      line: `${method} ${url}`,
      authorization: headers.authorization,
      lastEventId: headers['last-event-id']?.toString(),
      body,
    };
    this.asked.push(asked);
    const found = [...this.#answers].findLast(([line]) => asked.line.startsWith(line));
    if (found === undefined) response.writeHead(404).end();
    else found[1](asked, response);
  }
}
