// A TURN client for tests: each request is one call, and nothing is hidden from who asks.
import {
  AddressFamily,
  ChannelNumber,
  classify,
  ConnectionId,
  Data,
  decodeMessage,
  encodeChannelData,
  ErrorCode,
  Lifetime,
  longTermKey,
  MAX_RFC5766_CHANNEL_NUMBER,
  MessageBuilder,
  Nonce,
  Realm,
  RequestedAddressFamily,
  RequestedTransport,
  StunClass,
  StunMethod,
  TransportProtocol,
  Username,
  XorPeerAddress,
  XorRelayedAddress,
} from '@millrace/protocol/stun';
import type { StunMessage, TransportAddress } from '@millrace/protocol/stun';
import { familyOf } from '../peers/ip-address.ts';
import type { ClientLink } from './client-link.ts';

const ANSWER_TIMEOUT_MS = 5_000;
/** Over UDP a request may get no answer at once: RFC 8489 §6.2.1 has clients send it again. */
const RESEND_MS = 1_000;

export interface ClientUser {
  readonly username: string;
  readonly password: string;
}

export type AddAttributes = (builder: MessageBuilder) => void;

/** What a client got that is no answer. */
export type Received =
  | { readonly kind: 'indication'; readonly message: StunMessage }
  | { readonly kind: 'channel'; readonly channel: number; readonly data: Buffer };

export const peerAt = (address: string, port: number): TransportAddress => ({
  family: familyOf(address),
  address,
  port,
});

export class TurnClient {
  readonly link: ClientLink;
  realm = '';
  nonce = '';
  readonly received: Received[] = [];
  readonly #user: ClientUser;
  readonly #answers = new Map<string, (message: StunMessage) => void>();

  constructor(link: ClientLink, user: ClientUser) {
    this.link = link;
    this.#user = user;
    link.onMessage = (bytes) => this.#take(bytes);
  }

  /** Asks, and asks again when the server wants proof or gives a newer nonce. */
  async request(method: number, add: AddAttributes = () => undefined): Promise<StunMessage> {
    for (let round = 0; ; round++) {
      const answer = await this.exchange(this.signed(method, add));
      const code = errorOf(answer);
      if (round > 1 || (code !== 401 && code !== 438) || !answer.has(Nonce)) return answer;
      this.realm = answer.get(Realm) ?? '';
      this.nonce = answer.get(Nonce) ?? '';
    }
  }

  /** A request with what is known of realm and nonce; without proof while nothing is. */
  signed(method: number, add: AddAttributes = () => undefined): Buffer {
    const builder = new MessageBuilder(StunClass.request, method);
    add(builder);
    if (this.nonce === '') return builder.build();
    const { username, password } = this.#user;
    builder.add(Username, username).add(Realm, this.realm).add(Nonce, this.nonce);
    return builder.addIntegrity(longTermKey(username, this.realm, password, 'md5'), 'sha1').build();
  }

  /** Sends these bytes, over UDP again and again, and waits for the answer. */
  exchange(bytes: Buffer): Promise<StunMessage> {
    const id = bytes.toString('latin1', 8, 20);
    return new Promise((resolve, reject) => {
      const resend = this.link.transport === 'udp' ? setInterval(() => this.link.send(bytes), RESEND_MS) : undefined;
      const settle = (): void => {
        clearTimeout(timer);
        clearInterval(resend);
        this.#answers.delete(id);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error('no answer'));
      }, ANSWER_TIMEOUT_MS);
      this.#answers.set(id, (message) => {
        settle();
        resolve(message);
      });
      this.link.send(bytes);
    });
  }

  allocate(add: AddAttributes = () => undefined, protocol: number = TransportProtocol.udp): Promise<StunMessage> {
    return this.request(StunMethod.allocate, (builder) => add(builder.add(RequestedTransport, protocol)));
  }

  /** @returns the relayed address. @throws when there is none */
  async relay(family: 'IPv4' | 'IPv6' = 'IPv4'): Promise<TransportAddress> {
    const answer = await this.allocate((builder) => {
      if (family === 'IPv6') builder.add(RequestedAddressFamily, AddressFamily.ipv6);
    });
    const relayed = answer.get(XorRelayedAddress);
    if (!relayed) throw new Error(`no allocation: ${errorOf(answer)}`);
    return relayed;
  }

  refresh(lifetimeS: number): Promise<StunMessage> {
    return this.request(StunMethod.refresh, (builder) => builder.add(Lifetime, lifetimeS));
  }

  permit(...addresses: readonly string[]): Promise<StunMessage> {
    return this.request(StunMethod.createPermission, (builder) => {
      for (const address of addresses) builder.add(XorPeerAddress, peerAt(address, 0));
    });
  }

  bind(channel: number, peer: TransportAddress): Promise<StunMessage> {
    return this.request(StunMethod.channelBind, (builder) =>
      builder.add(ChannelNumber, channel).add(XorPeerAddress, peer),
    );
  }

  connect(peer: TransportAddress): Promise<StunMessage> {
    return this.request(StunMethod.connect, (builder) => builder.add(XorPeerAddress, peer));
  }

  connectionBind(id: number): Promise<StunMessage> {
    return this.request(StunMethod.connectionBind, (builder) => builder.add(ConnectionId, id));
  }

  sendTo(peer: TransportAddress, data: Uint8Array): void {
    const builder = new MessageBuilder(StunClass.indication, StunMethod.send);
    this.link.send(builder.add(XorPeerAddress, peer).add(Data, data).build());
  }

  sendOn(channel: number, data: Uint8Array): void {
    this.link.send(encodeChannelData(channel, data, this.link.transport !== 'udp'));
  }

  close(): void {
    this.link.close();
  }

  #take(bytes: Buffer): void {
    if (classify(bytes, MAX_RFC5766_CHANNEL_NUMBER) === 'channel-data') {
      const end = 4 + bytes.readUInt16BE(2);
      this.received.push({ kind: 'channel', channel: bytes.readUInt16BE(0), data: bytes.subarray(4, end) });
      return;
    }
    const message = decodeMessage(bytes);
    if (message.class === StunClass.indication) this.received.push({ kind: 'indication', message });
    else this.#answers.get(message.transactionId.toString('latin1'))?.(message);
  }
}

/** The error code of an answer; 0 for success. */
export const errorOf = (answer: StunMessage): number =>
  answer.class === StunClass.success ? 0 : (answer.get(ErrorCode)?.code ?? -1);
