// What each service reads, by the name that the chart gives it, and how long its stop may then take.
import { gatewayGracePeriodMs, gatewaySettings } from '@millrace/gateway';
import { packagerGracePeriodMs, packagerSettings } from '@millrace/packager';
import { rtmpEdgeGracePeriodMs, rtmpEdgeProcessSettings } from '@millrace/rtmp-edge';
import { rtspEdgeGracePeriodMs, rtspEdgeProcessSettings } from '@millrace/rtsp-edge';
import type { SettingDescription } from '@millrace/service-kit';
import { signalingGracePeriodMs, signalingSettings } from '@millrace/signaling';
import { srtEdgeGracePeriodMs, srtEdgeProcessSettings } from '@millrace/srt-edge';
import { turnGracePeriodMs, turnProcessSettings } from '@millrace/turn';

export type Environment = Readonly<Record<string, string>>;

export interface ServiceSettings {
  list(): readonly SettingDescription[];
  /** @returns how long a stop may take in all, in milliseconds @throws {ConfigError} that names what the service does not take */
  gracePeriodMs(environment: Environment): number;
}

interface Parser<V> {
  list(): SettingDescription[];
  parse(environment: Environment): V;
}

const service = <V>(settings: Parser<V>, gracePeriodMs: (values: V) => number): ServiceSettings => ({
  list: () => settings.list(),
  gracePeriodMs: (environment) => gracePeriodMs(settings.parse(environment)),
});

export const SERVICE_SETTINGS: ReadonlyMap<string, ServiceSettings> = new Map([
  ['gateway', service(gatewaySettings, gatewayGracePeriodMs)],
  ['rtmp-edge', service(rtmpEdgeProcessSettings, rtmpEdgeGracePeriodMs)],
  ['rtsp-edge', service(rtspEdgeProcessSettings, rtspEdgeGracePeriodMs)],
  ['srt-edge', service(srtEdgeProcessSettings, srtEdgeGracePeriodMs)],
  ['packager', service(packagerSettings, packagerGracePeriodMs)],
  ['signaling', service(signalingSettings, signalingGracePeriodMs)],
  ['turn', service(turnProcessSettings, turnGracePeriodMs)],
]);
