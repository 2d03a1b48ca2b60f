// RTMP 1.0 section 5.2, the client's side: C0, C1; S0, S1 → C2; S2 → done.
import { CLIENT_KEY, SERVER_KEY, findDigest, isSignedAnswer, placeDigest, signAnswer } from './digest.ts';
import type { DigestScheme } from './digest.ts';
import type { HandshakeEnvironment } from './handshake-environment.ts';
import { PACKET_BYTES, PacketCollector, echoPacket, isEchoOf, toTimestamp } from './handshake-packet.ts';
import { RTMP_VERSION, checkServerVersion } from './version.ts';

/** What C1 gives as the client's software version when there is a digest. */
const SOFTWARE_VERSION = [9, 0, 124, 2] as const;

export interface ClientHandshakeOptions {
  /** Which digest C1 carries; undefined for the simple handshake. */
  readonly scheme?: DigestScheme | undefined;
  /** The version in C0. */
  readonly version?: number;
}

/** Sends C2 once S1 is there, and is done once S2 is there: nothing else may be sent before. */
export class ClientHandshake {
  readonly #send: (bytes: Buffer) => void;
  readonly #environment: HandshakeEnvironment;
  readonly #options: ClientHandshakeOptions;
  readonly #c1: Buffer;
  #c1Digest: Buffer | undefined = undefined;
  #sawS0 = false;
  #sentC2 = false;
  #collector = new PacketCollector();

  /** Whether S1 carried a right digest, so that C2 is signed. */
  signed = false;
  /** Whether S2 answers C1 as it should. */
  s2Matches = false;
  /** Whether chunks may be sent now. */
  done = false;

  constructor(send: (bytes: Buffer) => void, environment: HandshakeEnvironment, options: ClientHandshakeOptions = {}) {
    this.#send = send;
    this.#environment = environment;
    this.#options = options;
    this.#c1 = environment.random(PACKET_BYTES);
  }

  /** Sends C0 and C1. */
  start(): void {
    const { scheme, version = RTMP_VERSION } = this.#options;
    this.#c1.writeUInt32BE(toTimestamp(this.#environment.now()), 0);
    this.#c1.writeUInt32BE(0, 4);
    if (scheme !== undefined) {
      this.#c1.set(SOFTWARE_VERSION, 4);
      this.#c1Digest = placeDigest(this.#c1, scheme, CLIENT_KEY);
    }
    this.#send(Buffer.concat([Buffer.of(version), this.#c1]));
  }

  /**
   * Takes the next bytes of the connection.
   * @returns how many of them belong to the handshake: all, unless it is done.
   * @throws ProtocolError when S0 is not version 3.
   */
  push(input: Buffer): number {
    let at = 0;
    while (at < input.length && !this.done) {
      if (!this.#sawS0) {
        checkServerVersion(input.readUInt8(at));
        this.#sawS0 = true;
        at += 1;
        continue;
      }
      at += this.#collector.push(input, at);
      const packet = this.#collector.complete;
      if (packet === undefined) break;
      if (this.#sentC2) this.#finish(packet);
      else this.#answerS1(packet);
    }
    return at;
  }

  #answerS1(s1: Buffer): void {
    const server = this.#c1Digest === undefined ? undefined : findDigest(s1, SERVER_KEY);
    if (server === undefined) {
      this.#send(echoPacket(s1, this.#environment.now()));
    } else {
      this.signed = true;
      const c2 = this.#environment.random(PACKET_BYTES);
      signAnswer(c2, server.digest, CLIENT_KEY);
      this.#send(c2);
    }
    this.#sentC2 = true;
    this.#collector = new PacketCollector();
  }

  #finish(s2: Buffer): void {
    this.s2Matches =
      this.signed && this.#c1Digest !== undefined
        ? isSignedAnswer(s2, this.#c1Digest, SERVER_KEY)
        : isEchoOf(s2, this.#c1);
    this.done = true;
  }
}
