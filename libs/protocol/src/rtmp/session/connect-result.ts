// RTMP 1.0 section 7.2.1.1: the server's answer to connect; Enhanced RTMP v2 adds its capabilities to the first object.
import type { AmfRecord } from '../../amf3/index.ts';
import type { Command } from '../message/command.ts';
import type { ConnectInfo } from './connect-info.ts';
import type { ServerCapabilities } from './server-session-options.ts';
import { StatusCode, statusInfo } from './status.ts';

/** Flash clients look for a version above 3,0; no other client reads it. */
const SERVER_VERSION = 'FMS/3,5,7,7009';
/** Says that the server takes what FMS took; every server sends this number. */
const CAPABILITIES = 31;

/** Builds `_result` for an accepted connect command. */
export function connectResult(transactionId: number, info: ConnectInfo, capabilities: ServerCapabilities): Command {
  const object: AmfRecord = { fmsVer: SERVER_VERSION, capabilities: CAPABILITIES, mode: 1 };
  if (info.enhanced) Object.assign(object, enhancedProperties(info, capabilities));
  return {
    name: '_result',
    transactionId,
    object,
    args: [
      {
        ...statusInfo('status', StatusCode.connectSuccess, 'Connection succeeded.'),
        objectEncoding: info.objectEncoding,
      },
    ],
  };
}

/** What the server supports, in the terms that the client used: the list is that of version 1, the maps of version 2. */
function enhancedProperties(info: ConnectInfo, capabilities: ServerCapabilities): AmfRecord {
  const { capsEx, videoFourCcInfoMap, audioFourCcInfoMap } = capabilities;
  const properties: AmfRecord = { capsEx, videoFourCcInfoMap, audioFourCcInfoMap };
  if (info.fourCcList.length > 0) {
    const supported = [...Object.keys(videoFourCcInfoMap), ...Object.keys(audioFourCcInfoMap)];
    properties['fourCcList'] = info.fourCcList.includes('*')
      ? supported
      : supported.filter((fourCc) => info.fourCcList.includes(fourCc));
  }
  return properties;
}
