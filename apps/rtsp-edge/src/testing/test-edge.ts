// A whole edge on free ports of the loopback, with everything else in memory.
import 'reflect-metadata';
import { CONTROL_PLANE, InProcessControl, UsageLedger, UsageReporter } from '@millrace/control';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { FrameRecorder } from '@millrace/frame-bus/testing';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import { withProviders } from '@millrace/service-kit/testing';
import { TestControlPlane } from '@millrace/ingest/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { RtspEdgePorts } from '../session/rtsp-listeners.ts';
import { RtspEdgeModule } from '../rtsp-edge.module.ts';
import { RtspEdgeService } from '../rtsp-edge.service.ts';
import { rtspEdgeSettings } from '../settings.ts';
import type { RtspEdgeSettings } from '../settings.ts';

export interface TestEdgeOptions {
  readonly settings?: Partial<RtspEdgeSettings>;
  readonly frameBus?: FrameBus;
  readonly liveStore?: LiveStore;
  readonly tracer?: Tracer;
}

export class TestEdge {
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: TestControlPlane;
  readonly metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
  readonly readiness = new Readiness();
  readonly usage = new UsageLedger();
  readonly logs: string[] = [];
  #app!: INestApplicationContext;
  #drained: Promise<void> | undefined;

  private constructor(options: TestEdgeOptions) {
    this.frameBus = options.frameBus ?? createMemoryFrameBus();
    this.liveStore = options.liveStore ?? createMemoryLiveStore();
    this.control = new TestControlPlane(this.liveStore);
  }

  static async start(options: TestEdgeOptions = {}): Promise<TestEdge> {
    const edge = new TestEdge(options);
    const free = { rtspHost: '127.0.0.1', rtspPort: 0, rtspsPort: 0, rtspDrainMs: 0, rtspDrainSpreadMs: 0 };
    const destination = { write: (line: string) => void edge.logs.push(line) };
    const { frameBus, liveStore, metrics, readiness } = edge;
    const module = RtspEdgeModule.register({
      settings: { ...rtspEdgeSettings.parse({}), ...free, ...options.settings },
      frameBus,
      liveStore,
      control: new InProcessControl().client(),
      metrics,
      readiness,
      logger: createLogger({ service: 'rtsp-edge', level: 'debug', destination }),
      tracer: options.tracer,
    });
    edge.#app = await NestFactory.createApplicationContext(
      withProviders(
        module,
        { provide: CONTROL_PLANE, useValue: edge.control },
        { provide: UsageReporter, useValue: { ledger: edge.usage } },
      ),
      { logger: false, abortOnError: false },
    );
    return edge;
  }

  get edge(): RtspEdgeService {
    return this.#app.get(RtspEdgeService);
  }

  get ports(): RtspEdgePorts {
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
