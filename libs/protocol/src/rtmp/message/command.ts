// RTMP 1.0 section 7.2: commands.
import { Amf0Decoder, encodeAmf0 } from '../../amf0/index.ts';
import type { AmfLimits, AmfValue } from '../../amf0/index.ts';
import { ByteReader, ProtocolError } from '../../bytes/index.ts';

const PLACE = 'rtmp/command';

export interface Command {
  readonly name: string;
  /** Pairs an answer with its question; 0 asks for none. Always finite. */
  readonly transactionId: number;
  /** The command object, or null. */
  readonly object: AmfValue;
  readonly args: readonly AmfValue[];
}

/**
 * Reads the body of a command message.
 * @param body AMF0: see `amfBody`.
 * @throws ProtocolError when it is no AMF0, or does not begin with a name.
 */
export function decodeCommand(body: Buffer, limits?: AmfLimits): Command {
  const decoder = new Amf0Decoder(new ByteReader(body, PLACE), limits);
  const name = decoder.value();
  if (typeof name !== 'string') {
    throw new ProtocolError('rtmp.command.no-name', `${PLACE}/name`, `a ${typeof name} instead of a name`);
  }
  const id = decoder.hasMore ? decoder.value() : 0;
  const object = decoder.hasMore ? decoder.value() : null;
  const args: AmfValue[] = [];
  while (decoder.hasMore) args.push(decoder.value());
  // An id that is no number cannot be answered, which is what 0 means.
  return { name, transactionId: typeof id === 'number' && Number.isFinite(id) ? id : 0, object, args };
}

export function encodeCommand(command: Command): Buffer {
  return encodeAmf0(command.name, command.transactionId, command.object, ...command.args);
}
