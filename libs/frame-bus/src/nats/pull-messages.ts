// One pull from a JetStream consumer: so many messages, which are known to be there.
import type { Msg } from '@nats-io/transport-node';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { NatsLink } from './nats-link.ts';

export interface PulledMessage {
  readonly data: Uint8Array;
  /** How many messages the consumer has after this one. */
  readonly pending: number;
}

/**
 * Fetches up to `count` messages at once, without waiting for any that are not there yet.
 *
 * @param broken aborts it
 * @throws FrameBusError when the server answers with a refusal, or not in time
 */
export function pullMessages(
  link: NatsLink,
  stream: string,
  consumer: string,
  count: number,
  timeoutMs: number,
  broken: AbortSignal,
): Promise<PulledMessage[]> {
  const { promise, resolve, reject } = Promise.withResolvers<PulledMessage[]>();
  const messages: PulledMessage[] = [];
  const { connection } = link;
  const inbox = link.newInbox();
  const fail = (why: string): void => reject(new FrameBusError('unavailable', `the log cannot be read: ${why}`));
  const onBreak = (): void => fail('the connection broke');
  const receive = (error: Error | null, message: Msg): void => {
    if (error) return fail(error.message);
    const pending = pendingOf(message.reply);
    if (pending !== undefined) {
      messages.push({ data: message.data, pending });
      if (messages.length === count) resolve(messages);
      return;
    }
    // 404: no messages, 408: fewer than wished (ADR-13 of the NATS project). What came before counts.
    const code = message.headers?.code;
    if (code === 404 || code === 408) resolve(messages);
    else fail(`status ${code ?? 'unknown'}`);
  };
  const subscription = connection.subscribe(inbox, { callback: receive });
  const timer = setTimeout(() => fail('no answer'), timeoutMs);
  broken.addEventListener('abort', onBreak);
  const request = JSON.stringify({ batch: count, no_wait: true });
  connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: inbox });
  return promise.finally(() => {
    clearTimeout(timer);
    broken.removeEventListener('abort', onBreak);
    subscription.unsubscribe();
  });
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, the reply subject of a
 * delivered message; newer servers put a domain and an account hash before the stream's name and a token at the end.
 */
function pendingOf(reply: string | undefined): number | undefined {
  const tokens = reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const pending = Number(tokens.length === 9 ? tokens[8] : tokens[10]);
  return Number.isSafeInteger(pending) ? pending : undefined;
}
