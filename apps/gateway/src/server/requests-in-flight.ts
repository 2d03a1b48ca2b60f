// Requests that are being answered: what a stopping gateway waits for, and which clients it tells to connect anew.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Readiness } from '@millrace/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { GATEWAY_SETTINGS, READINESS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { closeAfter } from '../http/http2-response.ts';
import type { Http2Sessions } from './http2-sessions.ts';

/** How often connections that have become idle meanwhile are closed. */
const IDLE_LOOK_MS = 100;

@Injectable()
export class RequestsInFlight implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #responses = new Set<ServerResponse>();
  #idleLook: NodeJS.Timeout | undefined;
  #last: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    @Inject(READINESS) private readonly readiness: Readiness,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  get count(): number {
    return this.#responses.size;
  }

  onModuleInit(): void {
    this.host.httpAdapter.getInstance().connectionGuard.repeated.onlyWhile(() => !this.readiness.isStopping);
    this.#server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      this.#responses.add(response);
      response.once('close', () => void this.#responses.delete(response));
      // Each connection ends with its answer: the next request goes to a gateway that stays.
      if (this.readiness.isStopping) closeAfter(response);
    });
  }

  /** Tells every client that waits for an answer that its connection ends with it. */
  leave(): void {
    for (const response of this.#responses) closeAfter(response);
    this.#http2.leave();
  }

  /** The server closes next: it takes no connection any more and ends once those that there are have. */
  beforeApplicationShutdown(): void {
    this.leave();
    const { httpDrainMs, stopGraceMs } = this.settings;
    this.#idleLook = setInterval(() => this.#server.closeIdleConnections(), IDLE_LOOK_MS);
    // A viewer that reads slower than this has had its chance: the process has to end, and in order.
    this.#last = setTimeout(
      () => {
        this.#server.closeAllConnections();
        this.#http2.cut();
      },
      httpDrainMs + Math.floor(stopGraceMs / 2),
    );
  }

  onApplicationShutdown(): void {
    clearInterval(this.#idleLook);
    clearTimeout(this.#last);
  }

  get #server(): Server {
    return this.host.httpAdapter.getInstance().server;
  }

  get #http2(): Http2Sessions {
    return this.host.httpAdapter.getInstance().http2Sessions;
  }
}
