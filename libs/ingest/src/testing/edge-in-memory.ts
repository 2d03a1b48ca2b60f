// A whole edge on free ports of the loopback, with everything else in memory.
import { CONTROL_PLANE, InProcessControl, UsageLedger, UsageReporter } from '@millrace/control';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { FrameRecorder } from '@millrace/frame-bus/testing';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import { withProviders } from '@millrace/service-kit/testing';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { EdgeKind, EdgeService } from '../edge/edge-process.ts';
import { Ingest } from '../ingest.ts';
import { TestControlPlane } from './test-control-plane.ts';
import type { LoginCheck } from './test-control-plane.ts';

export interface EdgeInMemoryOptions<Settings> {
  readonly settings?: Partial<Settings>;
  readonly frameBus?: FrameBus;
  readonly liveStore?: LiveStore;
  readonly tracer?: Tracer;
}

export interface EdgeInMemoryKind<
  Settings,
  Opened extends object,
  Service extends EdgeService<Opened>,
> extends EdgeKind<Settings, Opened> {
  readonly edge: Type<Service>;
  /** On free ports of the loopback, and with no drain that a test would wait for. */
  readonly settings: Settings;
  /** For protocols whose encoders log in. */
  readonly checkLogin?: LoginCheck;
}

export class EdgeInMemory<Settings, Opened extends object, Service extends EdgeService<Opened>> {
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: TestControlPlane;
  readonly metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
  readonly readiness = new Readiness();
  readonly usage = new UsageLedger();
  /** What the last report of usage had, once the edge has drained. */
  lastUsage: ReturnType<UsageLedger['collect']> = [];
  readonly logs: string[] = [];
  readonly #kind: EdgeInMemoryKind<Settings, Opened, Service>;
  readonly #options: EdgeInMemoryOptions<Settings>;
  #app!: INestApplicationContext;
  #drained: Promise<void> | undefined;

  constructor(kind: EdgeInMemoryKind<Settings, Opened, Service>, options: EdgeInMemoryOptions<Settings>) {
    this.#kind = kind;
    this.#options = options;
    this.frameBus = options.frameBus ?? createMemoryFrameBus();
    this.liveStore = options.liveStore ?? createMemoryLiveStore();
    this.control = new TestControlPlane(this.liveStore, kind.checkLogin);
  }

  /** Called once. @returns itself, when its ports are open */
  async started(): Promise<this> {
    const { service, module, settings } = this.#kind;
    const destination = { write: (line: string) => void this.logs.push(line) };
    const { frameBus, liveStore, metrics, readiness } = this;
    const options = {
      settings: { ...settings, ...this.#options.settings },
      frameBus,
      liveStore,
      control: new InProcessControl().client(),
      metrics,
      readiness,
      logger: createLogger({ service, level: 'debug', destination }),
      tracer: this.#options.tracer,
    };
    this.#app = await NestFactory.createApplicationContext(
      withProviders(
        module(options),
        { provide: CONTROL_PLANE, useValue: this.control },
        {
          provide: UsageReporter,
          useValue: {
            ledger: this.usage,
            beforeApplicationShutdown: () => void (this.lastUsage = this.usage.collect()),
          },
        },
      ),
      { logger: false, abortOnError: false },
    );
    return this;
  }

  get edge(): Service {
    return this.#app.get(this.#kind.edge);
  }

  get ingest(): Ingest {
    return this.#app.get(Ingest);
  }

  /** Another provider of its module. */
  provider<T>(type: Type<T>): T {
    return this.#app.get(type);
  }

  get ports(): Opened {
    return this.edge.ports!;
  }

  /** Leaves at once, and ends the application. Idempotent. */
  drain(): Promise<void> {
    this.edge.leave();
    this.#drained ??= this.#app.close();
    return this.#drained;
  }

  /** Records every frame of a stream, from the oldest one on. */
  async record(streamId: string): Promise<FrameRecorder> {
    const recorder = new FrameRecorder();
    await this.frameBus.subscribe(streamId, { from: 'position', position: { epoch: 0, sequence: 0 } }, recorder);
    return recorder;
  }

  /** The value of a metric with these labels, as Prometheus would read it; 0 when it has none. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await this.metrics.text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`millrace_${name}${labels} `));
    return line === undefined ? 0 : Number(line.split(' ').at(-1));
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.frameBus.close();
    await this.liveStore.close();
  }
}
