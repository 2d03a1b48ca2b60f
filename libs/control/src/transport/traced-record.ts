// A message with the trace that it belongs to: https://www.w3.org/TR/trace-context/, in a header of NATS.
import { headers } from '@nats-io/transport-node';
import type { MsgHdrs } from '@nats-io/transport-node';
import { NatsRecord } from '@nestjs/microservices';

export const TRACEPARENT_HEADER = 'traceparent';

/** What a client proxy is to send: the message itself, unless it belongs to a trace. */
export function tracedRecord(message: object, traceparent: string | undefined): object {
  if (traceparent === undefined) return message;
  const carried = headers();
  carried.set(TRACEPARENT_HEADER, traceparent);
  return new NatsRecord<object, MsgHdrs>(message, carried);
}

/** The same, undone: for a transport that carries headers in its own way. */
export function openRecord(data: unknown): { readonly data: unknown; readonly traceparent?: string } {
  if (!(data instanceof NatsRecord)) return { data };
  const traceparent = (data.headers as MsgHdrs | undefined)?.get(TRACEPARENT_HEADER);
  return traceparent ? { data: data.data, traceparent } : { data: data.data };
}
