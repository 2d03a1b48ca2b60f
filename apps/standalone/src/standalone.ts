// All of Millrace in one process: starts the parts in order, and stops them in the opposite one.
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createMemoryRoomBus, InProcessControl } from '@millrace/control';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { createGatewayApp, KEY_PEPPER_FILE, loadOrMakePepper } from '@millrace/gateway';
import { frameBusMetrics } from '@millrace/ingest';
import { createMemoryLiveStore, createMemoryPresence, SegmentPool } from '@millrace/live-store';
import { RtmpEdgeService } from '@millrace/rtmp-edge';
import type { RtmpEdgePorts } from '@millrace/rtmp-edge';
import { RtspEdgeService } from '@millrace/rtsp-edge';
import type { RtspEdgePorts } from '@millrace/rtsp-edge';
import { SrtEdgeService } from '@millrace/srt-edge';
import type { SrtEdgePorts } from '@millrace/srt-edge';
import { AdminServer, Metrics, Readiness, UndoStack } from '@millrace/service-kit';
import type { Logger, Tracer } from '@millrace/service-kit';
import { presenceLimitsOf } from '@millrace/signaling';
import { formatCalls } from './calls/format-calls.ts';
import { ensureCertificate } from './certificate/ensure-certificate.ts';
import { checkDataFolder } from './data-folder/check-data-folder.ts';
import { lockDataFolder } from './data-folder/data-folder-lock.ts';
import { DemoPublisher } from './demo/demo-publisher.ts';
import { FlvClip } from './demo/flv-clip.ts';
import type { LaunchOptions } from './launch/command-line-options.ts';
import { formatIngest } from './launch/format-ingest.ts';
import { requireFreePorts } from './launch/ports-free.ts';
import type { WantedPort } from './launch/ports-free.ts';
import { EmbeddedDatabase } from './postgres/embedded-database.ts';
import {
  ensureQuickstart,
  formatQuickstart,
  operatorKeyOf,
  otherEncoders,
  quickstartFile,
} from './quickstart/index.ts';
import type { Quickstart } from './quickstart/index.ts';
import type { StandaloneSettings } from './settings.ts';
import { StandaloneModule } from './standalone.module.ts';

const CLIP = resolve(import.meta.dirname, '../../../media/bbb-h264-aac.flv');

export class Standalone {
  readonly #settings: StandaloneSettings;
  readonly #launch: LaunchOptions;
  #rtmp: RtmpEdgePorts | undefined;
  #rtsp: RtspEdgePorts | undefined;
  #srt: SrtEdgePorts | undefined;
  readonly #logger: Logger;
  readonly #version: string;
  readonly #tracer: Tracer;
  readonly #undo = new UndoStack();

  constructor(settings: StandaloneSettings, launch: LaunchOptions, logger: Logger, version: string, tracer: Tracer) {
    this.#settings = settings;
    this.#launch = launch;
    this.#logger = logger;
    this.#version = version;
    this.#tracer = tracer;
  }

  /** @returns what to print once everything runs; it shows secrets on a terminal, never in a log */
  async start(): Promise<string> {
    const settings = this.#settings;
    await requireFreePorts([
      { host: settings.rtmpHost, port: settings.rtmpPort, variable: 'MILLRACE_RTMP_PORT' },
      { host: settings.rtspHost, port: settings.rtspPort, variable: 'MILLRACE_RTSP_PORT' },
      { host: settings.srtHost, port: settings.srtPort, transport: 'udp', variable: 'MILLRACE_SRT_PORT' },
      { host: settings.httpHost, port: settings.httpPort, variable: 'MILLRACE_HTTP_PORT' },
      ...(settings.httpsCertFile === undefined
        ? []
        : [{ host: settings.httpHost, port: settings.httpsPort, variable: 'MILLRACE_HTTPS_PORT' }]),
      { host: settings.metricsHost, port: settings.metricsPort, variable: 'MILLRACE_METRICS_PORT' },
      { host: settings.signalingHost, port: settings.signalingPort, variable: 'MILLRACE_SIGNALING_PORT' },
      ...settings.turnHosts.flatMap((host) => turnPorts(host, settings)),
    ]);
    const folder = resolve(settings.dataDir);
    this.#undo.add(lockDataFolder(folder));
    const { keyPepper: given, databaseUrl: external } = settings;
    checkDataFolder(folder, { hasPepper: given !== undefined, hasDatabase: external === undefined });
    // Before the database: a start that fails between the two must not leave keys without their pepper.
    const keyPepper = given ?? (await loadOrMakePepper(join(folder, KEY_PEPPER_FILE)));
    const databaseUrl = external ?? (await this.#startDatabase(folder));
    const operatorKey = settings.operatorKey ?? operatorKeyOf(folder);
    const apiUrl = await this.#startApps(folder, { keyPepper, databaseUrl, operatorKey });
    const { publicUrl, publicRtmpUrl, publicRtspUrl, publicSrtUrl } = settings;
    const { demo } = this.#launch;
    const quickstart = await ensureQuickstart({ folder, apiUrl, publicUrl, publicRtmpUrl, operatorKey, demo });
    if (demo) this.#startDemo(quickstart);
    const clip = existsSync(CLIP) ? relative(process.cwd(), CLIP) : 'FILE';
    const near = relative(process.cwd(), folder);
    const file = quickstartFile(near.startsWith('..') ? folder : near);
    const secrets = process.stdout.isTTY ? 'shown' : { keptIn: file };
    const more = [...formatIngest({ rtmp: this.#rtmp, rtsp: this.#rtsp, srt: this.#srt }), ...formatCalls(settings)];
    const encoders = otherEncoders(publicRtspUrl, publicSrtUrl);
    return formatQuickstart(quickstart, clip, { demo, secrets, encoders, more });
  }

  /** Stops what was started, also after a start that failed half-way. */
  async stop(): Promise<void> {
    await this.#undo.run();
  }

  async #startDatabase(folder: string): Promise<string> {
    const { embeddedDatabasePort: port } = this.#settings;
    const database = new EmbeddedDatabase(join(folder, 'postgres'), port, this.#logger);
    this.#undo.add(() => database.stop());
    return database.start();
  }

  /** @returns where the gateway answers on this machine */
  async #startApps(
    folder: string,
    own: { readonly keyPepper: string; readonly databaseUrl: string; readonly operatorKey: string },
  ): Promise<string> {
    // Segments are in this process already: a second hold on them would only keep them longer.
    const settings = { ...this.#settings, ...this.#turnTls(folder), ...own, segmentCacheBytes: 0 };
    const logger = this.#logger;
    const metrics = new Metrics({ service: 'standalone', version: this.#version });
    const readiness = new Readiness();
    const frameBus = createMemoryFrameBus({
      marksFile: join(folder, 'commit-marks'),
      maxBytes: settings.retainedFramesBytes,
      observer: frameBusMetrics(metrics, logger),
    });
    this.#undo.add(() => frameBus.close());
    const segmentPool = new SegmentPool({ maxFreeBytes: settings.segmentPoolBytes });
    const liveStore = createMemoryLiveStore({ maxSegmentBytes: settings.liveStoreMaxBytes, segmentPool });
    this.#undo.add(() => liveStore.close());
    const presence = createMemoryPresence(presenceLimitsOf(settings));
    this.#undo.add(() => presence.close());
    const control = new InProcessControl();
    const client = control.client();
    this.#undo.add(() => client.close());
    const roomBus = createMemoryRoomBus();
    this.#undo.add(() => roomBus.close());

    const ports = { liveStore, presence, frameBus, roomBus, control: client };
    const tracer = this.#tracer;
    const options = { ...ports, settings, metrics, logger, readiness, tracer };
    const module = StandaloneModule.register(options);
    const app = await createGatewayApp({ module, settings, metrics, logger, tracer });
    this.#undo.add(() => app.close());
    app.connectMicroservice({ strategy: control.server() }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(settings.httpPort, settings.httpHost);
    this.#rtmp = app.get(RtmpEdgeService, { strict: false }).ports;
    this.#rtsp = app.get(RtspEdgeService, { strict: false }).ports;
    this.#srt = app.get(SrtEdgeService, { strict: false }).ports;

    const admin = new AdminServer({ host: settings.metricsHost, port: settings.metricsPort, metrics, readiness });
    this.#undo.addLast(() => admin.close());
    await admin.listen();
    this.#undo.add(() => readiness.stopping());
    return reachable(await app.getUrl());
  }

  /** Certificate and key of TURN over TLS: those that are set, else self-signed ones. */
  #turnTls(folder: string) {
    const { turnTlsCertFile, turnTlsKeyFile, turnHosts, turnPublicAddresses = [] } = this.#settings;
    if (turnTlsCertFile !== undefined || turnTlsKeyFile !== undefined) return {};
    const addresses = [...turnHosts, ...turnPublicAddresses].filter((host) => host !== '0.0.0.0' && host !== '::');
    const { certFile, keyFile } = ensureCertificate(folder, [...new Set(['localhost', '127.0.0.1', ...addresses])]);
    return { turnTlsCertFile: certFile, turnTlsKeyFile: keyFile };
  }

  #startDemo({ demo_stream_key: streamKey }: Quickstart): void {
    if (streamKey === undefined) return;
    const rtmpUrl = `rtmp://127.0.0.1:${this.#settings.rtmpPort}/live`;
    const demo = new DemoPublisher({ rtmpUrl, streamKey, clip: FlvClip.read(CLIP), logger: this.#logger });
    this.#undo.add(() => demo.stop());
    demo.start();
  }
}

const turnPorts = (host: string, { turnPort, turnTlsPort }: StandaloneSettings): WantedPort[] => [
  { host, port: turnPort, variable: 'MILLRACE_TURN_PORT' },
  { host, port: turnPort, variable: 'MILLRACE_TURN_PORT', transport: 'udp' },
  { host, port: turnTlsPort, variable: 'MILLRACE_TURN_TLS_PORT' },
];

/** An address that means "all addresses" is no address to connect to. */
function reachable(listening: string): string {
  const url = new URL(listening);
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  return url.origin;
}
