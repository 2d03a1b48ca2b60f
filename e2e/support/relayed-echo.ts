// Numbered packets through a relay to a peer that sends them back: what is lost has a number.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TurnClient } from '@millrace/turn/testing';
import { peerAt } from '@millrace/turn/testing';
import type { ByteLog } from './byte-log.ts';

const CHANNEL = 0x4000;
const INTERVAL_MS = 5;

/** Relay ports by default. On the server's own addresses no other port is a peer. */
const RELAY_PORTS = { min: 49_152, max: 65_535 };

/** A socket on a free port of those. */
async function bindInRelayRange(): Promise<Socket> {
  for (;;) {
    const socket = createSocket('udp4').bind(randomInt(RELAY_PORTS.min, RELAY_PORTS.max + 1), '127.0.0.1');
    try {
      await once(socket, 'listening');
      return socket;
    } catch (error) {
      socket.close();
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
}

export class RelayedEcho {
  sent = 0;
  readonly #client: TurnClient;
  readonly #peer: Socket;
  #timer: NodeJS.Timeout | undefined;

  private constructor(client: TurnClient, peer: Socket, carried: ByteLog | undefined) {
    this.#client = client;
    this.#peer = peer;
    peer.on('message', (bytes, from) => {
      peer.send(bytes, from.port, from.address);
      carried?.add(2 * bytes.length);
    });
    this.#timer = setInterval(() => this.#send(), INTERVAL_MS);
  }

  /**
   * Allocates, binds a channel, and begins to send.
   *
   * @param carried is told what the peer has received, and has sent back
   */
  static async begin(client: TurnClient, carried?: ByteLog): Promise<RelayedEcho> {
    await client.relay();
    const peer = await bindInRelayRange();
    await client.bind(CHANNEL, peerAt('127.0.0.1', peer.address().port));
    return new RelayedEcho(client, peer, carried);
  }

  /** The numbers that came back, in order. */
  get returned(): number[] {
    return this.#client.received.flatMap((each) => (each.kind === 'channel' ? [each.data.readUInt32BE(0)] : []));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  close(): void {
    this.stop();
    this.#peer.close();
    this.#client.close();
  }

  #send(): void {
    const packet = Buffer.alloc(200);
    packet.writeUInt32BE(this.sent++);
    this.#client.sendOn(CHANNEL, packet);
  }
}
