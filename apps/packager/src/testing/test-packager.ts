// A packager for tests: quick leases, no logs, and a control plane that keeps what it is told.
import type { SessionActive, SessionEnded } from '@millrace/control';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import { createLogger, Metrics } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import type { PackagingSettings } from '../packager-options.ts';
import { packagerSettings } from '../settings.ts';
import { Packager } from '../packager.ts';
import type { Clock } from '../packaging/clock.ts';

export interface TestPackagerOptions {
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly name?: string;
  readonly settings?: Partial<PackagingSettings>;
  readonly clock?: Clock;
  readonly tracer?: Tracer;
  /** Where log lines go. */
  readonly onLine?: (line: string) => void;
}

export class TestPackager {
  readonly packager: Packager;
  readonly metrics = new Metrics({ service: 'packager', version: '0', processMetrics: false });
  readonly active: SessionActive[] = [];
  readonly ended: SessionEnded[] = [];
  readonly lines: string[] = [];

  constructor(options: TestPackagerOptions) {
    const defaults = packagerSettings.parse({ MILLRACE_INSTANCE_ID: options.name ?? 'packager-1' });
    const write = (line: string): void => {
      this.lines.push(line);
      options.onLine?.(line);
    };
    this.packager = new Packager({
      liveStore: options.liveStore,
      frameBus: options.frameBus,
      tracer: options.tracer,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      settings: {
        ...defaults,
        workPollMs: 50,
        workSpreadMs: 0,
        leaseTtlMs: 1_000,
        leaseRenewMs: 200,
        ...options.settings,
      },
      control: {
        sessionActive: (event) => void this.active.push(event),
        sessionEnded: (event) => void this.ended.push(event),
      },
      metrics: this.metrics,
      logger: createLogger({ service: 'packager', level: 'debug', destination: { write } }),
    });
  }

  start(): this {
    this.packager.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.packager.stop(3_000);
  }

  /** The value of a metric, with its labels as in the text; 0 when it was never counted. */
  async value(name: string): Promise<number> {
    const text = await this.metrics.text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`millrace_${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  }
}
