// Enhanced RTMP v2, "Enhancing NetConnection connect Command": what client and server tell each other about themselves.
import { newRecord, propertiesOf } from '../../amf3/index.ts';
import type { AmfRecord, AmfValue } from '../../amf3/index.ts';

/** FourCcInfoMask. */
export const FourCcInfo = { canDecode: 1, canEncode: 2, canForward: 4 } as const;
/** CapsExMask. */
export const CapsEx = { reconnect: 1, multitrack: 2, modEx: 4, timestampNanoOffset: 8 } as const;
/** "Flag values for the videoFunction property". */
export const VideoFunction = { seek: 1, hdr: 2, metadata: 4, largeScaleTile: 8 } as const;

/** In the command object of connect, and in the server's answer to it. */
export interface Capabilities {
  /** Bits of `CapsEx`. */
  readonly capsEx: number;
  /** Version 1: codecs that can be received, or `*`. */
  readonly fourCcList: readonly string[];
  /** Version 2: FourCC, or `*`, to bits of `FourCcInfo`. */
  readonly videoFourCcInfoMap: ReadonlyMap<string, number>;
  readonly audioFourCcInfoMap: ReadonlyMap<string, number>;
  /** Bits of `VideoFunction`. */
  readonly videoFunction: number;
}

/** There are a few dozen codecs at most. */
const MAX_FOUR_CCS = 64;

/** The properties that only Enhanced RTMP has. */
export const ENHANCED_PROPERTIES = ['capsEx', 'fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap'] as const;

/** Reads what a peer says of itself. What has a wrong type counts as absent. */
export function readCapabilities(object: Readonly<AmfRecord>): Capabilities {
  return {
    capsEx: flagsOf(object['capsEx']),
    fourCcList: fourCcList(object['fourCcList']),
    videoFourCcInfoMap: infoMap(object['videoFourCcInfoMap']),
    audioFourCcInfoMap: infoMap(object['audioFourCcInfoMap']),
    videoFunction: flagsOf(object['videoFunction']),
  };
}

/** The properties that say this. What is empty or 0 is left out. */
export function capabilityProperties(capabilities: Partial<Capabilities>): AmfRecord {
  const { capsEx = 0, fourCcList: list = [], videoFunction = 0 } = capabilities;
  const object = newRecord();
  if (capsEx !== 0) object['capsEx'] = capsEx;
  if (list.length > 0) object['fourCcList'] = [...list];
  for (const name of ['videoFourCcInfoMap', 'audioFourCcInfoMap'] as const) {
    const map = capabilities[name];
    if (map !== undefined && map.size > 0) object[name] = Object.assign(newRecord(), Object.fromEntries(map));
  }
  if (videoFunction !== 0) object['videoFunction'] = videoFunction;
  return object;
}

/** What a peer can do with a codec, as bits of `FourCcInfo`: "When this wildcard key exists, it overrides the flags". */
export function fourCcInfo(map: ReadonlyMap<string, number>, fourCc: string): number {
  return map.get('*') ?? map.get(fourCc) ?? 0;
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
