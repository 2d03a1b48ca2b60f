// RTMP 1.0 section 7.2.1.1: connect; Enhanced RTMP v2, "Enhancing NetConnection connect Command".
import { propertiesOf } from '../../amf3/index.ts';
import type { AmfRecord } from '../../amf3/index.ts';
import type { Command } from '../message/command.ts';
import { CapsEx, ENHANCED_PROPERTIES, readCapabilities } from './capabilities.ts';
import type { Capabilities } from './capabilities.ts';
import type { ServerSessionLimits } from './server-session-options.ts';

/** What a client said about itself. All text is the peer's: bounded, otherwise as it came. */
export interface ConnectInfo extends Capabilities {
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
  /** Whether the client understands `NetConnection.Connect.ReconnectRequest`. */
  readonly reconnectSupported: boolean;
}

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
  const capabilities = readCapabilities(object);
  return {
    ...texts,
    ...capabilities,
    objectEncoding: object['objectEncoding'] === 3 ? 3 : 0,
    enhanced: ENHANCED_PROPERTIES.some((key) => object[key] !== undefined),
    reconnectSupported: (capabilities.capsEx & CapsEx.reconnect) !== 0,
  };
}

function textOf(object: AmfRecord, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}
