// RTMP 1.0 section 7.2.1.1: connect; Enhanced RTMP v2, "Enhancing NetConnection connect Command".
import { propertiesOf } from '../../amf3/index.ts';
import type { AmfRecord, AmfValue } from '../../amf3/index.ts';
import type { Command } from '../message/command.ts';
import { CapsEx } from './server-session-options.ts';
import type { ServerSessionLimits } from './server-session-options.ts';

/** What a client said about itself. All text is the peer's: bounded, otherwise as it came. */
export interface ConnectInfo {
  /** May hold a path and a query; empty when the client sent none. */
  readonly app: string;
  readonly tcUrl: string;
  readonly flashVer: string;
  readonly swfUrl: string;
  readonly pageUrl: string;
  /** 0 for AMF0, 3 for AMF3 beside it. */
  readonly objectEncoding: 0 | 3;
  /** Whether the client spoke of Enhanced RTMP at all. */
  readonly enhanced: boolean;
  /** Bits of `CapsEx`. */
  readonly capsEx: number;
  /** Whether the client understands `NetConnection.Connect.ReconnectRequest`. */
  readonly reconnectSupported: boolean;
  readonly fourCcList: readonly string[];
  readonly videoFourCcInfoMap: ReadonlyMap<string, number>;
  readonly audioFourCcInfoMap: ReadonlyMap<string, number>;
}

/** There are a few dozen codecs at most. */
const MAX_FOUR_CCS = 64;

/** Why a connect command is rejected, as text for its sender. */
export type ConnectFault = 'no command object' | 'app is not a string' | 'app is too long' | 'a string is too long';

/** Reads a connect command. Optional fields of a wrong type count as missing. */
export function connectInfo(command: Command, limits: ServerSessionLimits): ConnectInfo | ConnectFault {
  const object = propertiesOf(command.object);
  if (object === undefined) return 'no command object';
  const app = object['app'] ?? '';
  if (typeof app !== 'string') return 'app is not a string';
  const [appPath = ''] = app.split('?', 1);
  if (Buffer.byteLength(appPath) > limits.maxNameBytes) return 'app is too long';
  const texts = {
    app,
    tcUrl: textOf(object, 'tcUrl'),
    flashVer: textOf(object, 'flashVer'),
    swfUrl: textOf(object, 'swfUrl'),
    pageUrl: textOf(object, 'pageUrl'),
  };
  if (Object.values(texts).some((text) => Buffer.byteLength(text) > limits.maxTextBytes)) return 'a string is too long';
  const capsEx = flagsOf(object['capsEx']);
  return {
    ...texts,
    objectEncoding: object['objectEncoding'] === 3 ? 3 : 0,
    enhanced: ['capsEx', 'fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap'].some(
      (key) => object[key] !== undefined,
    ),
    capsEx,
    reconnectSupported: (capsEx & CapsEx.reconnect) !== 0,
    fourCcList: fourCcList(object['fourCcList']),
    videoFourCcInfoMap: infoMap(object['videoFourCcInfoMap']),
    audioFourCcInfoMap: infoMap(object['audioFourCcInfoMap']),
  };
}

function textOf(object: AmfRecord, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}

/** A bit field sent as a double: anything but an unsigned 32-bit number is no flags. */
function flagsOf(value: AmfValue): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff ? value : 0;
}

/** A FourCC, or `*` for any. */
function isFourCc(value: unknown): value is string {
  return typeof value === 'string' && (value === '*' || /^[\x20-\x7e]{4}$/.test(value));
}

function fourCcList(value: AmfValue): readonly string[] {
  return Array.isArray(value) ? (value as readonly AmfValue[]).filter(isFourCc).slice(0, MAX_FOUR_CCS) : [];
}

function infoMap(value: AmfValue): ReadonlyMap<string, number> {
  const entries = Object.entries(propertiesOf(value) ?? {}).filter(([key]) => isFourCc(key));
  return new Map(entries.slice(0, MAX_FOUR_CCS).map(([key, flags]) => [key, flagsOf(flags)]));
}
