// Reports how fast tenants use the API of this gateway.
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { UsageLedger } from '@millrace/control';
import type { FastifyInstance } from 'fastify';

/** A rate over less time says little. */
const SHORTEST_MS = 1_000;

@Injectable()
export class ApiUse implements OnApplicationBootstrap {
  #measuredAtMs = performance.now();

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly ledger: UsageLedger,
  ) {}

  onApplicationBootstrap(): void {
    const { apiRates } = this.host.httpAdapter.getInstance<FastifyInstance>();
    this.ledger.beforeCollect(() => {
      const nowMs = performance.now();
      const seconds = Math.max(SHORTEST_MS, nowMs - this.#measuredAtMs) / 1_000;
      this.#measuredAtMs = nowMs;
      for (const { tenantId, quota, requests } of apiRates.takeRequests())
        this.ledger.measured({ tenantId, quota, used: Math.round((requests / seconds) * 100) / 100 });
    });
  }
}
