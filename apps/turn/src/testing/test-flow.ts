// A client of the server without sockets: what it gets is kept in order, and each request is answered before the next line.
import {
  ChannelNumber,
  Data,
  decodeMessage,
  encodeChannelData,
  Lifetime,
  longTermKey,
  MessageBuilder,
  MobilityTicket,
  Nonce,
  Realm,
  RequestedTransport,
  StunClass,
  StunMethod,
  TransportProtocol,
  Username,
  XorPeerAddress,
  XorRelayedAddress,
} from '@millrace/protocol/stun';
import type { IntegrityAlgorithm, PasswordHash, StunMessage, TransportAddress } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import { familyOf } from '../peers/ip-address.ts';
import { surrounded } from './surrounded.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';
import type { TurnServer } from '../turn-server.ts';
import type { TestUser } from './test-relay-control.ts';
import { errorOf, peerAt } from './turn-client.ts';
import type { AddAttributes } from './turn-client.ts';

export interface SignOptions {
  readonly hash?: PasswordHash;
  readonly integrity?: IntegrityAlgorithm;
  readonly username?: string;
  readonly password?: string;
  readonly realm?: string;
  readonly transactionId?: Uint8Array;
}

export class TestFlow implements ClientFlow {
  readonly transport: 'udp' | 'tcp';
  readonly remote: TransportAddress;
  origin = 0;
  allocation: Allocation | undefined;
  closed = false;
  realm = 'millrace';
  nonce = '';
  /** What was sent to this client. */
  readonly received: Buffer[] = [];
  /** What was sent from another address, or to another port. */
  readonly elsewhere: { readonly origin: number; readonly bytes: Buffer; readonly port: number | undefined }[] = [];
  readonly #server: TurnServer;
  readonly #user: TestUser;

  constructor(
    server: TurnServer,
    user: TestUser,
    at: { readonly address: string; readonly port: number; readonly transport: 'udp' | 'tcp' },
    isInPlace = false,
  ) {
    this.forward =
      isInPlace && at.transport === 'udp'
        ? (memory, start, end) => void this.received.push(Buffer.from(memory.subarray(start, end)))
        : undefined;
    this.#server = server;
    this.#user = user;
    this.transport = at.transport;
    this.remote = { family: familyOf(at.address), address: at.address, port: at.port };
  }

  send(bytes: Uint8Array): void {
    this.received.push(Buffer.from(bytes));
  }

  sendParts(head: Uint8Array, body: Uint8Array, padded: boolean): void {
    this.received.push(Buffer.concat([head, body, Buffer.alloc(padded ? -body.length & 3 : 0)]));
  }

  /** Defined where datagrams are relayed in place, as the socket has it. */
  readonly forward: ((memory: Buffer, start: number, end: number) => void) | undefined;

  sendFrom(origin: number, bytes: Uint8Array, port: number | undefined): void {
    this.elsewhere.push({ origin, bytes: Buffer.from(bytes), port });
  }

  allocationChanged(): void {
    // Only sockets need to know.
  }

  /** Hands these bytes to the server. @returns what came back, if anything did */
  put(bytes: Uint8Array): Buffer | undefined {
    const before = this.received.length;
    const { memory, start, end } = surrounded(bytes);
    if (this.forward === undefined || !this.#server.arrived(this, memory, start, end))
      this.#server.receive(this, Buffer.from(bytes));
    return this.received[before];
  }

  /** One round: no second try. */
  ask(bytes: Uint8Array): StunMessage | undefined {
    const answer = this.put(bytes);
    return answer && decodeMessage(answer);
  }

  /** Asks as a client does: again when proof is wanted, or a newer nonce given. */
  request(method: number, add: AddAttributes = () => undefined, options: SignOptions = {}): StunMessage {
    for (let round = 0; ; round++) {
      const answer = this.ask(this.signed(method, add, options));
      if (!answer) throw new Error('no answer');
      const code = errorOf(answer);
      if (round > 1 || (code !== 401 && code !== 438) || !answer.has(Nonce)) return answer;
      this.nonce = answer.get(Nonce)!;
    }
  }

  /** The error code of a request; 0 when it was carried out. */
  code(method: number, add?: AddAttributes, options?: SignOptions): number {
    return errorOf(this.request(method, add, options));
  }

  signed(method: number, add: AddAttributes = () => undefined, options: SignOptions = {}): Buffer {
    const builder = new MessageBuilder(StunClass.request, method, options.transactionId);
    add(builder);
    if (this.nonce === '') return builder.build();
    const { hash = 'md5', integrity = 'sha1', realm = this.realm } = options;
    const { username = this.#user.username, password = this.#user.password } = options;
    builder.add(Username, username).add(Realm, realm).add(Nonce, this.nonce);
    return builder.addIntegrity(longTermKey(username, realm, password, hash), integrity).build();
  }

  allocate(add: AddAttributes = () => undefined, options: SignOptions = {}): StunMessage {
    const udp = TransportProtocol.udp;
    return this.request(StunMethod.allocate, (builder) => add(builder.add(RequestedTransport, udp)), options);
  }

  /** Allocates. @returns the port of the relay */
  relay(): number {
    const relayed = this.allocate().get(XorRelayedAddress);
    if (!relayed) throw new Error('no allocation');
    return relayed.port;
  }

  refresh(lifetimeS: number): StunMessage {
    return this.request(StunMethod.refresh, (builder) => builder.add(Lifetime, lifetimeS));
  }

  /** Takes an allocation along to this address (RFC 8016). */
  moveHere(ticket: Uint8Array, lifetimeS = 600, options: SignOptions = {}): StunMessage {
    const add: AddAttributes = (builder) => builder.add(MobilityTicket, ticket).add(Lifetime, lifetimeS);
    return this.request(StunMethod.refresh, add, options);
  }

  permit(...addresses: readonly string[]): number {
    return this.code(StunMethod.createPermission, (builder) => {
      for (const address of addresses) builder.add(XorPeerAddress, peerAt(address, 0));
    });
  }

  bind(channel: number, address: string, port: number): number {
    return this.code(StunMethod.channelBind, (builder) =>
      builder.add(ChannelNumber, channel).add(XorPeerAddress, peerAt(address, port)),
    );
  }

  sendTo(address: string, port: number, data: string): void {
    const builder = new MessageBuilder(StunClass.indication, StunMethod.send);
    this.put(builder.add(XorPeerAddress, peerAt(address, port)).add(Data, Buffer.from(data)).build());
  }

  sendOn(channel: number, data: string): void {
    // Numbers above 0x4FFF are old clients' and those of mistakes: written by hand.
    const bytes = encodeChannelData(0x4000, Buffer.from(data));
    bytes.writeUInt16BE(channel);
    this.put(bytes);
  }
}
