// A whole edge on free ports of the loopback, with everything else in memory.
import { UsageLedger } from '@millrace/control';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { FrameRecorder } from '@millrace/frame-bus/testing';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import { TestControlPlane } from '@millrace/ingest/testing';
import { checkAdobeLogin } from './check-adobe-login.ts';
import { RtmpEdge } from '../rtmp-edge.ts';
import type { RtmpEdgePorts } from '../rtmp-edge.ts';
import { rtmpEdgeSettings } from '../settings.ts';
import type { RtmpEdgeSettings } from '../settings.ts';

export interface TestEdgeOptions {
  readonly settings?: Partial<RtmpEdgeSettings>;
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
  readonly edge: RtmpEdge;
  ports!: RtmpEdgePorts;

  constructor(options: TestEdgeOptions) {
    this.frameBus = options.frameBus ?? createMemoryFrameBus();
    this.liveStore = options.liveStore ?? createMemoryLiveStore();
    this.control = new TestControlPlane(this.liveStore, checkAdobeLogin);
    const free = { rtmpHost: '127.0.0.1', rtmpPort: 0, rtmpsPort: 0, drainMs: 0, drainSpreadMs: 0 };
    const settings = { ...rtmpEdgeSettings.parse({}), ...free, ...options.settings };
    const destination = { write: (line: string) => void this.logs.push(line) };
    const logger = createLogger({ service: 'rtmp-edge', level: 'debug', destination });
    const { frameBus, liveStore, control, metrics, readiness, usage } = this;
    const { tracer } = options;
    this.edge = new RtmpEdge({ tracer, settings, frameBus, liveStore, control, metrics, logger, readiness, usage });
  }

  static async start(options: TestEdgeOptions = {}): Promise<TestEdge> {
    const edge = new TestEdge(options);
    edge.ports = await edge.edge.listen();
    return edge;
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
    await this.edge.drain();
    await this.frameBus.close();
    await this.liveStore.close();
  }
}
