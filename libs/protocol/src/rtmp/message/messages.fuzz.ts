import { encodeAmf0 } from '../../amf0/index.ts';
import { decodeAbort } from './abort.ts';
import { decodeAcknowledgement } from './acknowledgement.ts';
import { encodeAggregate, splitAggregate } from './aggregate.ts';
import { amfBody } from './amf-body.ts';
import { decodeCommand } from './command.ts';
import { decodeData } from './data.ts';
import { MessageType } from './message-type.ts';
import { decodeSetChunkSize } from './set-chunk-size.ts';
import { decodeSetPeerBandwidth } from './set-peer-bandwidth.ts';
import { decodeUserControl, encodeUserControl } from './user-control.ts';
import { decodeWindowAcknowledgementSize } from './window-acknowledgement-size.ts';

const MAX_AGGREGATED = 100;

export const seeds: readonly Uint8Array[] = [
  Buffer.concat([Buffer.of(MessageType.commandAmf0), encodeAmf0('publish', 1, null, 'key', 'live')]),
  Buffer.concat([Buffer.of(MessageType.dataAmf3, 0), encodeAmf0('@setDataFrame', 'onMetaData', { a: 1 })]),
  Buffer.concat([Buffer.of(MessageType.userControl), encodeUserControl({ event: 'pingRequest', timestamp: 1 })]),
  Buffer.concat([
    Buffer.of(MessageType.aggregate),
    encodeAggregate(
      [1, 2, 3].map((timestamp) => ({ type: 9, timestamp, payload: Buffer.of(1, 2) })),
      1,
    ),
  ]),
  Buffer.of(MessageType.setPeerBandwidth, 0, 0, 1, 0, 2),
  Buffer.of(MessageType.setChunkSize, 0, 0, 1, 0),
];

/** The first byte is the message type. */
export function fuzz(data: Uint8Array): void {
  const type = data[0] ?? 0;
  const payload = Buffer.from(data.subarray(1));
  switch (type) {
    case MessageType.setChunkSize:
      decodeSetChunkSize(payload, 2, 0);
      return;
    case MessageType.abort:
      decodeAbort(payload, 2, 0);
      return;
    case MessageType.acknowledgement:
      decodeAcknowledgement(payload);
      return;
    case MessageType.windowAcknowledgementSize:
      decodeWindowAcknowledgementSize(payload);
      return;
    case MessageType.setPeerBandwidth:
      decodeSetPeerBandwidth(payload);
      return;
    case MessageType.userControl:
      decodeUserControl(payload);
      return;
    case MessageType.aggregate:
      checkAggregate(payload);
      return;
    case MessageType.dataAmf0:
    case MessageType.dataAmf3:
      decodeData(amfBody(type, payload));
      return;
    default:
      if (!Number.isFinite(decodeCommand(amfBody(MessageType.commandAmf3, payload)).transactionId)) {
        throw new Error('a transaction id that is no number');
      }
  }
}

function checkAggregate(payload: Buffer): void {
  let bytes = 0;
  let count = 0;
  const check = (type: number, _timestamp: number, body: Buffer): void => {
    bytes += body.length;
    count += 1;
    if (type === MessageType.aggregate) throw new Error('an aggregate in an aggregate');
  };
  splitAggregate(payload, 1000, check, MAX_AGGREGATED);
  if (bytes > payload.length || count > MAX_AGGREGATED) throw new Error('more out than in');
}
