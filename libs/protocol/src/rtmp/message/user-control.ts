// RTMP 1.0 sections 6.2 and 7.1.7: user control messages. Events 26, 27, 31 and 32 are Flash's own.
import { ByteReader } from '../../bytes/index.ts';

const PLACE = 'rtmp/user-control';

export const UserControlEvent = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
  swfVerifyRequest: 26,
  swfVerifyResponse: 27,
  bufferEmpty: 31,
  bufferReady: 32,
} as const;
export type UserControlEvent = (typeof UserControlEvent)[keyof typeof UserControlEvent];

/** Events about one message stream and nothing else. */
type StreamEvent = 'streamBegin' | 'streamEof' | 'streamDry' | 'streamIsRecorded' | 'bufferEmpty' | 'bufferReady';

export type UserControl =
  | { readonly event: StreamEvent; readonly messageStreamId: number }
  | { readonly event: 'setBufferLength'; readonly messageStreamId: number; readonly bufferMs: number }
  | { readonly event: 'pingRequest' | 'pingResponse'; readonly timestamp: number }
  | { readonly event: 'swfVerifyRequest' }
  | { readonly event: 'swfVerifyResponse'; readonly response: Buffer }
  | { readonly event: 'unknown'; readonly code: number };

const NAMES: ReadonlyMap<number, keyof typeof UserControlEvent> = new Map(
  Object.entries(UserControlEvent).map(([name, code]) => [code, name as keyof typeof UserControlEvent]),
);

/** Reads one event. Bytes after its fields are ignored; undefined event types are `unknown`. */
export function decodeUserControl(payload: Buffer): UserControl {
  const reader = new ByteReader(payload, PLACE);
  const code = reader.u16();
  const event = NAMES.get(code);
  switch (event) {
    case undefined:
      return { event: 'unknown', code };
    case 'setBufferLength':
      return { event, messageStreamId: reader.u32(), bufferMs: reader.u32() };
    case 'pingRequest':
    case 'pingResponse':
      return { event, timestamp: reader.u32() };
    case 'swfVerifyRequest':
      return { event };
    case 'swfVerifyResponse':
      return { event, response: reader.rest() };
    default:
      return { event, messageStreamId: reader.u32() };
  }
}

/** Writes one event that has a name. */
export function encodeUserControl(control: Exclude<UserControl, { event: 'unknown' }>): Buffer {
  const fields: number[] = [];
  let tail: Uint8Array = NOTHING;
  if ('messageStreamId' in control) fields.push(control.messageStreamId);
  if ('bufferMs' in control) fields.push(control.bufferMs);
  if ('timestamp' in control) fields.push(control.timestamp);
  if ('response' in control) tail = control.response;
  const payload = Buffer.alloc(2 + 4 * fields.length + tail.length);
  let at = payload.writeUInt16BE(UserControlEvent[control.event]);
  for (const field of fields) at = payload.writeUInt32BE(field, at);
  payload.set(tail, at);
  return payload;
}

const NOTHING = new Uint8Array(0);
