// A caller over a real socket, for tests: an encoder, or a player.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { SrtCaller } from '@millrace/protocol/srt';
import type { SrtConnection, SrtHandlers } from '@millrace/protocol/srt';

const LIMITS = { delayMs: 20, receivePackets: 1_024, sendPackets: 8_192, timeoutUs: 10_000_000, idleUs: 10_000_000 };
const nowUs = (): number => performance.now() * 1_000;

export interface CallerSocket {
  readonly connection: SrtConnection;
  /** While it is set, only what keeps the connection open is sent, and nothing is read. */
  isDeaf: boolean;
  /** Goes away without a word. Idempotent. */
  destroy(): void;
}

export interface CallerOptions {
  /** For callers that encrypt. */
  readonly passphrase?: string | undefined;
  /** The latency that it asks for. */
  readonly delayMs?: number;
}

/** @throws the reason of the rejection, as its message */
export async function openCaller(
  port: number,
  streamId: string,
  handlers: SrtHandlers,
  { passphrase, delayMs = LIMITS.delayMs }: CallerOptions = {},
): Promise<CallerSocket> {
  const peer = { address: '127.0.0.1', port };
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let isDeaf = false;
  let isDestroyed = false;
  const isKeepAlive = (packet: Buffer): boolean => packet[0] === 0x80 && packet[1] === 1;
  const destroy = (): void => {
    if (isDestroyed) return;
    isDestroyed = true;
    clearInterval(ticks);
    socket.removeAllListeners('message');
    // What was handed over before has been sent by then.
    setImmediate(() => socket.close()).unref();
  };
  const connected = Promise.withResolvers<SrtConnection>();
  const caller = new SrtCaller({
    ...LIMITS,
    delayMs,
    peer,
    streamId,
    passphrase,
    clock: nowUs,
    send: (packet) => {
      if (!isDeaf || isKeepAlive(packet)) socket.send(packet, peer.port, peer.address);
    },
    handlers,
    connected: connected.resolve,
    refused: (reason) => {
      destroy();
      connected.reject(new Error(String(reason)));
    },
  });
  const ticks = setInterval(() => caller.tick(), 10);
  socket.on('message', (packet) => {
    if (!isDeaf) caller.push(packet);
  });
  const connection = await connected.promise;
  return {
    connection,
    destroy,
    get isDeaf() {
      return isDeaf;
    },
    set isDeaf(value) {
      isDeaf = value;
    },
  };
}
