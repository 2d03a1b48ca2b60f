// RFC 8489 section 6: which address does the client have? And RFC 5780: how does the NAT in front of it behave?
import {
  ChangeRequest,
  FINGERPRINT,
  MappedAddress,
  MessageBuilder,
  OtherAddress,
  Padding,
  ResponseOrigin,
  ResponsePort,
  Software,
  StunClass,
  StunErrorCode,
  UnknownAttributes,
  XorMappedAddress,
} from '@millrace/protocol/stun';
import type { StunMessage, TransportAddress } from '@millrace/protocol/stun';
import { DRAINING_SOFTWARE } from '../alternates/alternate-health.ts';
import type { AnswerRate } from '../limits/answer-limiter.ts';
import { AnswerLimiter } from '../limits/answer-limiter.ts';
import type { Counters } from '../counters.ts';
import type { Answers } from './answers.ts';
import type { Exchange } from './exchange.ts';
import { isKnown, isKnownInDiscovery } from './known-attributes.ts';

/** A different address, a different port: the number of an origin is made of both. */
export const OTHER_IP = 2;
export const OTHER_PORT = 1;

/** The four addresses of NAT discovery, as clients see them: primary and alternate address, each with both ports. */
export type DiscoveryAddresses = readonly [TransportAddress, TransportAddress, TransportAddress, TransportAddress];

/** RFC 5780 section 7.6: as much padding as makes a datagram of Ethernet fragment. */
const MAX_PADDING_BYTES = 1_500;

export interface BindingOptions {
  readonly rate: AnswerRate;
  readonly answers: Answers;
  readonly counters: Counters;
  /** By the family that clients speak. */
  readonly discovery: Partial<Readonly<Record<TransportAddress['family'], DiscoveryAddresses>>>;
}

export class Binding {
  readonly #options: BindingOptions;
  readonly #limiter: AnswerLimiter;
  #draining = false;

  constructor(options: BindingOptions) {
    this.#options = options;
    this.#limiter = new AnswerLimiter(options.rate);
  }

  /** From now on answers say so to those that ask. */
  drain(): void {
    this.#draining = true;
  }

  answer(exchange: Exchange): void {
    const { flow, request, nowMs } = exchange;
    const { counters, answers } = this.#options;
    const discovery = flow.transport === 'udp' ? this.#options.discovery[flow.remote.family] : undefined;
    const unknown = request.unknownRequired(discovery ? isKnownInDiscovery : isKnown);
    if (unknown.length > 0) {
      answers.failUnproven(exchange, StunErrorCode.unknownAttribute, false, (answer) =>
        answer.add(UnknownAttributes, unknown),
      );
      return;
    }
    if (flow.transport === 'udp' && !this.#limiter.take(flow.remote.address, nowMs)) {
      counters.met('bindings_per_second');
      return;
    }
    counters.answered('binding', 0);
    if (discovery) this.#discover(exchange, discovery);
    else flow.send(this.#response(request, flow.remote));
  }

  #discover({ flow, request }: Exchange, addresses: DiscoveryAddresses): void {
    const change = request.get(ChangeRequest);
    // RFC 5780 section 6.1: other address and port than the one that the request came to.
    const flips = (change?.changeIp === true ? OTHER_IP : 0) | (change?.changePort === true ? OTHER_PORT : 0);
    const origin = flow.origin ^ flips;
    const other = flow.origin ^ OTHER_IP ^ OTHER_PORT;
    const padding = request.get(Padding);
    const answer = this.#response(request, flow.remote, (builder) => {
      // Section 6.1: clients of RFC 5780 need not understand XOR-MAPPED-ADDRESS.
      builder.add(MappedAddress, flow.remote);
      builder.add(ResponseOrigin, addresses[origin]!).add(OtherAddress, addresses[other]!);
      // Padding of the answer is bounded by that of the request: otherwise it would amplify traffic towards a forged address.
      if (padding !== undefined) builder.add(Padding, Math.min(padding, MAX_PADDING_BYTES));
    });
    flow.sendFrom?.(origin, answer, request.get(ResponsePort));
  }

  #response(request: StunMessage, mapped: TransportAddress, add?: (builder: MessageBuilder) => void): Buffer {
    const builder = MessageBuilder.responseTo(request, StunClass.success).add(XorMappedAddress, mapped);
    // Other Millrace servers send a SOFTWARE attribute; browsers send none, and their answers do not grow.
    if (this.#draining && request.has(Software)) builder.add(Software, DRAINING_SOFTWARE);
    add?.(builder);
    return (request.has({ type: FINGERPRINT }) ? builder.addFingerprint() : builder).build();
  }
}
