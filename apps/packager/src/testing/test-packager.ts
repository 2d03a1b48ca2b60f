// A packager for tests: quick leases, no logs, and a control plane that keeps what it is told.
import 'reflect-metadata';
import { CONTROL_PLANE, InProcessControl, UsageLedger, UsageReporter } from '@millrace/control';
import type { SessionActive, SessionEnded } from '@millrace/control';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import { withProviders } from '@millrace/service-kit/testing';
import type { INestApplicationContext, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Containers } from '../containers/containers.ts';
import { PackagerModule } from '../packager.module.ts';
import { PackagerService } from '../packager.service.ts';
import { packagerSettings } from '../settings.ts';
import type { PackagingSettings } from '../settings.ts';

export interface TestPackagerOptions {
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly name?: string;
  readonly settings?: Partial<PackagingSettings>;
  readonly tracer?: Tracer;
  readonly containers?: Containers;
}

export class TestPackager {
  readonly metrics = new Metrics({ service: 'packager', version: '0', processMetrics: false });
  readonly active: SessionActive[] = [];
  readonly ended: SessionEnded[] = [];
  readonly lines: string[] = [];
  readonly usage = new UsageLedger();
  #app!: INestApplicationContext;

  private constructor() {}

  static async start({ name = 'packager-1', settings, ...ports }: TestPackagerOptions): Promise<TestPackager> {
    const packager = new TestPackager();
    const write = (line: string): void => void packager.lines.push(line);
    const module = PackagerModule.register({
      ...ports,
      settings: {
        ...packagerSettings.parse({ MILLRACE_INSTANCE_ID: name }),
        workPollMs: 50,
        workSpreadMs: 0,
        leaseTtlMs: 1_000,
        leaseRenewMs: 200,
        stopGraceMs: 4_000,
        ...settings,
      },
      control: new InProcessControl().client(),
      metrics: packager.metrics,
      logger: createLogger({ service: 'packager', level: 'debug', destination: { write } }),
      readiness: new Readiness(),
    });
    const control: Provider = {
      provide: CONTROL_PLANE,
      useValue: {
        sessionActive: (event: SessionActive) => void packager.active.push(event),
        sessionEnded: (event: SessionEnded) => void packager.ended.push(event),
      },
    };
    const usage: Provider = { provide: UsageReporter, useValue: { ledger: packager.usage } };
    const hosting = { logger: false, abortOnError: false } as const;
    packager.#app = await NestFactory.createApplicationContext(withProviders(module, control, usage), hosting);
    return packager;
  }

  get packager(): PackagerService {
    return this.#app.get(PackagerService);
  }

  async stop(): Promise<void> {
    await this.#app.close();
  }

  /** The value of a metric, with its labels as in the text; 0 when it was never counted. */
  async value(name: string): Promise<number> {
    const text = await this.metrics.text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`millrace_${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  }
}
