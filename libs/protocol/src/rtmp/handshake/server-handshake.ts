// RTMP 1.0 section 5.2, the server's side: C0, C1 → S0, S1, S2; C2 → done.
import { CLIENT_KEY, SERVER_KEY, findDigest, isSignedAnswer, placeDigest, signAnswer } from './digest.ts';
import type { DigestScheme } from './digest.ts';
import type { HandshakeEnvironment } from './handshake-environment.ts';
import { PACKET_BYTES, PacketCollector, echoPacket, isEchoOf, toTimestamp } from './handshake-packet.ts';
import { RTMP_VERSION, TELLING_BYTES, checkClientVersion, checkNotOtherProtocol } from './version.ts';

/** What S1 gives as the server's software version when there is a digest; clients look only at its being at least 3. */
const SOFTWARE_VERSION = [4, 5, 0, 1] as const;

/** S1 as sent, for judging C2. */
interface SentS1 {
  readonly packet: Buffer;
  readonly digest: Buffer | undefined;
}

/**
 * Sends nothing before C0 and C1 are there, and takes no memory before C0 looks like RTMP. A C1 without a right digest gets
 * the simple handshake. A C2 that does not match S1 is accepted, as many clients are sloppy about it.
 */
export class ServerHandshake {
  readonly #send: (bytes: Buffer) => void;
  readonly #environment: HandshakeEnvironment;
  #collector: PacketCollector | undefined = undefined;
  #sentS1: SentS1 | undefined = undefined;
  /** A version other than 3 leaves it open whether this is RTMP at all, until C1 begins. */
  #suspicious = false;

  /** The version in C0; undefined before. */
  clientVersion: number | undefined = undefined;
  /** The digest scheme of C1; undefined for the simple handshake, and before C1. */
  scheme: DigestScheme | undefined = undefined;
  /** Whether C2 answers S1 as it should. */
  c2Matches = false;
  /** Whether the client may send chunks now. */
  done = false;

  constructor(send: (bytes: Buffer) => void, environment: HandshakeEnvironment) {
    this.#send = send;
    this.#environment = environment;
  }

  /**
   * Takes the next bytes of the connection.
   * @returns how many of them belong to the handshake: all, unless it is done.
   * @throws ProtocolError when C0 cannot be RTMP.
   */
  push(input: Buffer): number {
    let at = 0;
    while (at < input.length && !this.done) {
      if (this.#collector === undefined) {
        this.clientVersion = input.readUInt8(at);
        checkClientVersion(this.clientVersion);
        this.#suspicious = this.clientVersion !== RTMP_VERSION;
        this.#collector = new PacketCollector();
        at += 1;
        continue;
      }
      at += this.#collector.push(input, at);
      if (this.#suspicious) this.#checkFirstBytes(this.#collector.soFar);
      const packet = this.#collector.complete;
      if (packet === undefined) break;
      if (this.#sentS1 === undefined) {
        this.#sentS1 = this.#answerC1(packet);
        this.#collector = new PacketCollector();
      } else {
        this.#finish(packet, this.#sentS1);
      }
    }
    return at;
  }

  #checkFirstBytes(c1: Buffer): void {
    if (c1.length < TELLING_BYTES) return;
    checkNotOtherProtocol(this.clientVersion ?? 0, c1);
    this.#suspicious = false;
  }

  #answerC1(c1: Buffer): SentS1 {
    const now = this.#environment.now();
    const s1 = this.#environment.random(PACKET_BYTES);
    s1.writeUInt32BE(toTimestamp(now), 0);
    s1.writeUInt32BE(0, 4);
    // Clients that do not know the digest send zero there: no need to look for one.
    const client = c1.readUInt32BE(4) === 0 ? undefined : findDigest(c1, CLIENT_KEY);
    if (client === undefined) {
      this.#send(Buffer.concat([Buffer.of(RTMP_VERSION), s1, echoPacket(c1, now)]));
      return { packet: s1, digest: undefined };
    }
    this.scheme = client.scheme;
    s1.set(SOFTWARE_VERSION, 4);
    const digest = placeDigest(s1, client.scheme, SERVER_KEY);
    const s2 = this.#environment.random(PACKET_BYTES);
    signAnswer(s2, client.digest, SERVER_KEY);
    this.#send(Buffer.concat([Buffer.of(RTMP_VERSION), s1, s2]));
    return { packet: s1, digest };
  }

  #finish(c2: Buffer, s1: SentS1): void {
    // FFmpeg sends a C1 with a digest and, when it publishes, a C2 without.
    const isSigned = s1.digest !== undefined && isSignedAnswer(c2, s1.digest, CLIENT_KEY);
    this.c2Matches = isSigned || isEchoOf(c2, s1.packet);
    this.#collector = undefined;
    this.#sentS1 = undefined;
    this.done = true;
  }
}
