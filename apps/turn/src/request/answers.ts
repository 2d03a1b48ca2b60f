// How requests are answered: proved with the sender's own key, or, to who has proved nothing, seldom and small.
import {
  ErrorCode,
  FINGERPRINT,
  MessageBuilder,
  Nonce,
  PasswordAlgorithms,
  Realm,
  RequestedTransport,
  STUN_ERROR_REASONS,
  StunClass,
  StunErrorCode,
  StunMethod,
  TransportProtocol,
} from '@millrace/protocol/stun';
import { OFFERED_ALGORITHMS } from '../auth/request-authenticator.ts';
import { SHORT_NONCE_TEXT_LENGTH } from '../auth/nonce.ts';
import type { Nonces } from '../auth/nonce.ts';
import type { AnswerRate } from '../limits/answer-limiter.ts';
import { AnswerLimiter } from '../limits/answer-limiter.ts';
import type { Counters, MethodName } from '../counters.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Exchange, ProvenExchange } from './exchange.ts';

/** The answers that carry a nonce, and so call for another request. */
type Challenge = typeof StunErrorCode.unauthenticated | typeof StunErrorCode.staleNonce;

export type AddAttributes = (answer: MessageBuilder) => void;

export interface AnswersOptions {
  readonly realm: string;
  readonly nonces: Nonces;
  readonly rate: AnswerRate;
  /** How often the gateway is asked for the sake of one address. */
  readonly askRate: AnswerRate;
  readonly maxAmplification: number;
  readonly counters: Counters;
}

export class Answers {
  readonly #options: AnswersOptions;
  readonly #limiter: AnswerLimiter;
  readonly #asks: AnswerLimiter;
  readonly #cache = new AnswerCache();

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#limiter = new AnswerLimiter(options.rate);
    this.#asks = new AnswerLimiter(options.askRate);
  }

  /** Answers a request that was answered before. @returns whether it was */
  repeat({ flow, request, nowMs }: Exchange): boolean {
    const answer = this.#cache.find(flow, request, nowMs);
    if (!answer) return false;
    this.#options.counters.add('retransmissions');
    flow.send(answer);
    return true;
  }

  succeed(exchange: ProvenExchange, add?: AddAttributes): void {
    const builder = MessageBuilder.responseTo(exchange.request, StunClass.success);
    add?.(builder);
    this.#sendProven(exchange, builder, 0);
  }

  fail(exchange: ProvenExchange, code: StunErrorCode, add?: AddAttributes, detail?: string): void {
    const builder = MessageBuilder.responseTo(exchange.request, StunClass.error);
    const reason = STUN_ERROR_REASONS[code];
    builder.add(ErrorCode, { code, reason: detail === undefined ? reason : `${reason}: ${detail}` });
    add?.(builder);
    this.#sendProven(exchange, builder, code);
  }

  /**
   * Asks for proof, or for a newer nonce. With the offer of password algorithms where that is not too large an answer, else
   * without, else not at all.
   */
  challenge(exchange: Exchange, code: Challenge, provesAddress: boolean): void {
    if (!provesAddress && !this.#mayAnswer(exchange)) return;
    const { flow, nowMs } = exchange;
    const { realm, nonces } = this.#options;
    for (const short of [false, true]) {
      const nonce = nonces.make(flow.remote.address, flow.remote.port, nowMs, short);
      const sent = this.#sendSmall(exchange, code, (answer) => {
        answer.add(Realm, realm).add(Nonce, nonce);
        if (!short) answer.add(PasswordAlgorithms, OFFERED_ALGORITHMS);
      });
      if (sent) return;
    }
    this.#options.counters.met('amplification');
  }

  /** An error for a sender that is no user as far as is known. */
  failUnproven(exchange: Exchange, code: StunErrorCode, provesAddress: boolean, add?: AddAttributes): void {
    if (!provesAddress && !this.#mayAnswer(exchange)) return;
    if (!this.#sendSmall(exchange, code, add)) this.#options.counters.met('amplification');
  }

  /** Whether the gateway may be asked for the sake of this address: names that no user has are bounded. */
  mayAsk({ flow, nowMs }: Exchange): boolean {
    if (this.#asks.take(flow.remote.address, nowMs)) return true;
    this.#options.counters.met('asks_per_second');
    return false;
  }

  /** The name that was asked about is a user's: that costs its address nothing, however many users share it. */
  askedRightly({ flow }: Exchange): void {
    this.#asks.refund(flow.remote.address);
  }

  /** Answers that a repeated request would have again. */
  get remembered(): number {
    return this.#cache.size;
  }

  tick(nowMs: number): void {
    this.#cache.tick(nowMs);
  }

  #sendProven({ flow, request, proven, nowMs }: ProvenExchange, builder: MessageBuilder, code: number): void {
    const { key, integrity } = proven;
    const answer = finish(request.has({ type: FINGERPRINT }), builder.addIntegrity(key, integrity));
    this.#options.counters.answered(methodName(request.method), code);
    this.#cache.add(flow, request, answer, nowMs);
    flow.send(answer);
  }

  #mayAnswer({ flow, nowMs }: Exchange): boolean {
    // A stream's address is proved by its handshake.
    if (flow.transport !== 'udp' || this.#limiter.take(flow.remote.address, nowMs)) return true;
    this.#options.counters.met('answers_per_second');
    return false;
  }

  #sendSmall({ flow, request }: Exchange, code: StunErrorCode, add?: AddAttributes): boolean {
    const builder = MessageBuilder.responseTo(request, StunClass.error).add(ErrorCode, { code, reason: '' });
    add?.(builder);
    const answer = finish(request.has({ type: FINGERPRINT }), builder);
    const room = request.bytes.length * this.#options.maxAmplification;
    if (flow.transport === 'udp' && answer.length > room) return false;
    this.#options.counters.answered(methodName(request.method), code);
    flow.send(answer);
    return true;
  }
}

/** An Allocate request must carry REQUESTED-TRANSPORT (RFC 8656 section 7.1): none is shorter than that. */
const SHORTEST_ALLOCATE_BYTES = new MessageBuilder(StunClass.request, StunMethod.allocate)
  .add(RequestedTransport, TransportProtocol.udp)
  .build().length;
/** With a realm of no characters. */
const SHORTEST_CHALLENGE_BYTES = new MessageBuilder(StunClass.error, StunMethod.allocate)
  .add(ErrorCode, { code: StunErrorCode.unauthenticated, reason: '' })
  .addRaw(Realm.type, Buffer.alloc(0))
  .add(Nonce, 'x'.repeat(SHORT_NONCE_TEXT_LENGTH))
  .build().length;

/**
 * How long a realm may be, so that the shortest request of a client with nothing to prove yet is asked for proof over UDP. With
 * a longer one that answer would be too large for the factor, and never be sent. Below 1 none fits.
 */
export function longestRealm(maxAmplification: number): number {
  // Attributes are padded to four bytes.
  return Math.floor((SHORTEST_ALLOCATE_BYTES * maxAmplification - SHORTEST_CHALLENGE_BYTES) / 4) * 4;
}

const finish = (withFingerprint: boolean, builder: MessageBuilder): Buffer =>
  (withFingerprint ? builder.addFingerprint() : builder).build();

const METHOD_NAMES: ReadonlyMap<number, MethodName> = new Map([
  [StunMethod.binding, 'binding'],
  [StunMethod.allocate, 'allocate'],
  [StunMethod.refresh, 'refresh'],
  [StunMethod.createPermission, 'create_permission'],
  [StunMethod.channelBind, 'channel_bind'],
  [StunMethod.connect, 'connect'],
  [StunMethod.connectionBind, 'connection_bind'],
]);

/** The method as metrics name it. */
const methodName = (method: number): MethodName => METHOD_NAMES.get(method) ?? 'other';
