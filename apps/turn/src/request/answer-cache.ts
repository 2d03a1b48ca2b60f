// RFC 8489 section 6.3.1: a request that comes again is answered as before, not carried out again. UDP only: streams lose nothing.
import type { StunMessage } from '@millrace/protocol/stun';
import { MessageIntegrity, MessageIntegritySha256 } from '@millrace/protocol/stun';
import type { ClientFlow } from '../allocation/client-flow.ts';

/** Section 6.3.1: "remember all transaction IDs over UDP received … and their corresponding responses in the last 40 seconds". */
const REMEMBERED_MS = 40_000;
/** How many answers are remembered; the oldest goes first. */
const MAX_REMEMBERED_ANSWERS = 8_192;

interface Remembered {
  readonly integrity: Buffer;
  readonly answer: Buffer;
  readonly untilMs: number;
}

export class AnswerCache {
  /** The oldest first. */
  readonly #answers = new Map<string, Remembered>();

  get size(): number {
    return this.#answers.size;
  }

  /** @returns the answer that the same request had; undefined when it is a new one */
  find(flow: ClientFlow, request: StunMessage, nowMs: number): Buffer | undefined {
    if (flow.transport !== 'udp') return undefined;
    const found = this.#answers.get(keyOf(flow, request));
    if (!found || found.untilMs <= nowMs) return undefined;
    // The same id alone proves nothing; the same proof of integrity does.
    return integrityOf(request)?.equals(found.integrity) === true ? found.answer : undefined;
  }

  add(flow: ClientFlow, request: StunMessage, answer: Buffer, nowMs: number): void {
    const integrity = integrityOf(request);
    if (flow.transport !== 'udp' || !integrity) return;
    const key = keyOf(flow, request);
    this.#answers.delete(key);
    this.#answers.set(key, { integrity: Buffer.from(integrity), answer, untilMs: nowMs + REMEMBERED_MS });
    if (this.#answers.size > MAX_REMEMBERED_ANSWERS) this.#answers.delete(this.#answers.keys().next().value!);
  }

  /** Forgets what is too old. */
  tick(nowMs: number): void {
    for (const [key, { untilMs }] of this.#answers) {
      if (untilMs > nowMs) return;
      this.#answers.delete(key);
    }
  }
}

const keyOf = ({ remote }: ClientFlow, { transactionId }: StunMessage): string =>
  `${transactionId.toString('latin1')}${remote.port}|${remote.address}`;

const integrityOf = (request: StunMessage): Buffer | undefined =>
  request.raw(MessageIntegritySha256.type) ?? request.raw(MessageIntegrity.type);
