// Every Millrace service of a cluster as a process, with the settings that make them one cluster.
import { join } from 'node:path';
import { callDefaults, ensureCertificate, localAddresses } from '@millrace/standalone/calls';
import { REDIS_SERVICES } from '../access/redis-users.ts';
import type { ServiceName } from '../access/service-access.ts';
import type { ManagedProcess } from '../processes/index.ts';
import type { ClusterPorts } from './cluster-ports.ts';
import type { ClusterSecrets } from './cluster-secrets.ts';
import type { RunService } from './service-process.ts';

export interface ClusterServicesOptions {
  readonly folder: string;
  readonly ports: ClusterPorts;
  readonly secrets: ClusterSecrets;
  /** Settings of all services; those that the cluster needs itself go before. */
  readonly env: Readonly<Record<string, string>>;
  /** Known once PostgreSQL has made its password. */
  readonly databaseUrl: () => string;
  readonly runService: RunService;
}

type Env = Record<string, string>;

/** The addresses that people are given. */
export const publicUrls = ({ gateways, edges, rtspEdges: [rtspEdge], srtEdges: [srtEdge] }: ClusterPorts) => ({
  publicUrl: `http://localhost:${gateways[0]?.http}`,
  publicRtmpUrl: `rtmp://localhost:${edges[0]?.rtmp}/live`,
  ...(rtspEdge && { publicRtspUrl: `rtsp://localhost:${rtspEdge.rtsp}/live` }),
  ...(srtEdge && { publicSrtUrl: `srt://localhost:${srtEdge.srt}` }),
});

/** In the order in which they start: one gateway first. */
export function clusterServices(options: ClusterServicesOptions): ManagedProcess[] {
  const { folder, ports, secrets, runService } = options;
  const { publicUrl, publicRtmpUrl, publicRtspUrl, publicSrtUrl } = publicUrls(ports);
  const shared = (name: string, service: ServiceName): Env => ({
    ...options.env,
    MILLRACE_NATS_URL: `nats://${service}:${secrets.passwords[service]}@127.0.0.1:${ports.nats}`,
    ...(REDIS_SERVICES.includes(service) && {
      MILLRACE_REDIS_URL: `redis://${service}:${secrets.passwords[service]}@127.0.0.1:${ports.redis}`,
    }),
    MILLRACE_DATA_DIR: join(folder, name),
  });
  const gatewayEnv = (http: number): Env => ({
    MILLRACE_HTTP_PORT: String(http),
    MILLRACE_DATABASE_URL: options.databaseUrl(),
    MILLRACE_OPERATOR_KEY: secrets.operatorKey,
    MILLRACE_KEY_PEPPER: secrets.keyPepper,
    MILLRACE_PUBLIC_URL: publicUrl,
    MILLRACE_PUBLIC_RTMP_URL: publicRtmpUrl,
    ...(publicRtspUrl !== undefined && { MILLRACE_PUBLIC_RTSP_URL: publicRtspUrl }),
    ...(publicSrtUrl !== undefined && { MILLRACE_PUBLIC_SRT_URL: publicSrtUrl }),
  });
  const calls = callSettings(options);

  return [
    ...ports.gateways.map(({ http, metrics }, i) => {
      const name = `gateway-${i + 1}`;
      const env = () => ({ ...calls.gateway, ...shared(name, 'gateway'), ...gatewayEnv(http) });
      return runService({ name, app: 'gateway', metricsPort: metrics, env });
    }),
    ...ports.packagers.map(({ metrics }, i) => {
      const name = `packager-${i + 1}`;
      return runService({ name, app: 'packager', metricsPort: metrics, env: () => shared(name, 'packager') });
    }),
    ...ports.edges.map(({ rtmp, rtmps, metrics }, i) => {
      const name = `edge-${i + 1}`;
      const own = { MILLRACE_RTMP_PORT: String(rtmp), MILLRACE_RTMPS_PORT: String(rtmps) };
      return runService({
        name,
        app: 'rtmp-edge',
        metricsPort: metrics,
        env: () => ({ ...shared(name, 'rtmp-edge'), ...own }),
      });
    }),
    ...ports.rtspEdges.map(({ rtsp, rtsps, metrics }, i) => {
      const name = `rtsp-${i + 1}`;
      const own = { MILLRACE_RTSP_PORT: String(rtsp), MILLRACE_RTSPS_PORT: String(rtsps) };
      return runService({
        name,
        app: 'rtsp-edge',
        metricsPort: metrics,
        env: () => ({ ...shared(name, 'rtsp-edge'), ...own }),
      });
    }),
    ...ports.srtEdges.map(({ srt, metrics }, i) => {
      const name = `srt-${i + 1}`;
      const env = () => ({ ...shared(name, 'srt-edge'), MILLRACE_SRT_PORT: String(srt) });
      return runService({ name, app: 'srt-edge', metricsPort: metrics, env });
    }),
    ...ports.signalings.map(({ websocket, metrics }, i) => {
      const name = `signaling-${i + 1}`;
      const env = () => ({
        ...calls.signaling,
        ...shared(name, 'signaling'),
        MILLRACE_SIGNALING_PORT: String(websocket),
      });
      return runService({ name, app: 'signaling', metricsPort: metrics, env });
    }),
    ...ports.turns.map(({ turn, tls, metrics }, i) => {
      const name = `turn-${i + 1}`;
      const own = { MILLRACE_TURN_PORT: String(turn), MILLRACE_TURN_TLS_PORT: String(tls) };
      return runService({
        name,
        app: 'turn',
        metricsPort: metrics,
        env: () => ({ ...calls.turn, ...shared(name, 'turn'), ...own }),
      });
    }),
  ];
}

/** As in one process: calls between browsers of this machine, unless the environment says otherwise. */
function callSettings({ folder, ports, env }: ClusterServicesOptions) {
  const local = localAddresses();
  const websocket = { MILLRACE_SIGNALING_PORT: String(ports.signalings[0]?.websocket ?? '') };
  const each = ports.turns.map(({ turn, tls }) =>
    callDefaults({ ...env, MILLRACE_TURN_PORT: String(turn), MILLRACE_TURN_TLS_PORT: String(tls) }, local),
  );
  const defaults = callDefaults({ ...env, ...websocket }, local);
  const pick = (...names: string[]): Env =>
    Object.fromEntries(Object.entries(defaults).filter(([name]) => names.includes(name)));
  return {
    gateway: {
      ...pick('MILLRACE_PUBLIC_SIGNALING_URL'),
      ...(each.length > 0 && { MILLRACE_ICE_URLS: each.map((urls) => urls['MILLRACE_ICE_URLS']).join(',') }),
    },
    signaling: pick('MILLRACE_SIGNALING_HOST'),
    turn: {
      ...pick('MILLRACE_TURN_HOST', 'MILLRACE_TURN_PUBLIC_ADDRESS', 'MILLRACE_TURN_ALLOWED_PEERS'),
      ...(each.length > 0 && certificate(folder, defaults['MILLRACE_TURN_PUBLIC_ADDRESS'])),
    },
  };
}

function certificate(folder: string, address: string | undefined): Env {
  const { certFile, keyFile } = ensureCertificate(folder, ['localhost', '127.0.0.1', ...(address?.split(',') ?? [])]);
  return { MILLRACE_TURN_TLS_CERT_FILE: certFile, MILLRACE_TURN_TLS_KEY_FILE: keyFile };
}
