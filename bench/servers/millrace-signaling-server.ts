// Millrace's signaling by itself, in one process and in memory, with a control plane that knows every token.
//   node millrace-signaling-server.ts PORT
import 'reflect-metadata';
import { createMemoryRoomBus, RoomSubject } from '@millrace/control';
import { newId } from '@millrace/domain';
import { createMemoryPresence } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import { presenceLimitsOf, SignalingModule, signalingSettings } from '@millrace/signaling';
import { NestFactory } from '@nestjs/core';
import { ClientProxy } from '@nestjs/microservices';
import type { ReadPacket, WritePacket } from '@nestjs/microservices';

const MANY = 1_000_000;
const tenantId = newId('ten');

/** A token is the id of the room that it lets into. */
function answerTo({ pattern, data }: ReadPacket): object {
  if (pattern !== RoomSubject.authorizeJoin)
    return { granted: true, iceServers: [{ urls: ['stun:127.0.0.1:3478'] }], expiresAtMs: Date.now() + 3_600_000 };
  const { token: roomId } = data as { readonly token: string };
  const room = { tenantId, roomId, name: 'Bench', type: 'group', maxParticipants: 8, locked: false, version: 1 };
  const permissions = { publish: true, chat: true };
  return { granted: true, grant: { room, permissions, limits: { maxRooms: MANY, maxParticipants: MANY } } };
}

class KnowsEveryToken extends ClientProxy {
  async connect(): Promise<void> {}

  close(): void {}

  unwrap<T>(): T {
    return this as unknown as T;
  }

  protected publish(packet: ReadPacket, callback: (answer: WritePacket) => void): () => void {
    const waiting = setImmediate(() => callback({ response: answerTo(packet), isDisposed: true }));
    return () => clearImmediate(waiting);
  }

  protected dispatchEvent<T>(): Promise<T> {
    return Promise.resolve(undefined as T);
  }
}

const settings = {
  ...signalingSettings.parse({}),
  signalingHost: '127.0.0.1',
  signalingPort: Number(process.argv[2]),
  signalingDrainMs: 0,
  signalingMaxSockets: MANY,
  signalingMaxSocketsPerAddress: MANY,
  signalingConnectsPerMinute: 10 * MANY,
};
const app = await NestFactory.createApplicationContext(
  SignalingModule.register({
    settings,
    presence: createMemoryPresence(presenceLimitsOf(settings)),
    roomBus: createMemoryRoomBus(),
    control: new KnowsEveryToken(),
    metrics: new Metrics({ service: 'signaling', version: '0' }),
    logger: createLogger({ service: 'signaling', level: 'warn' }),
    readiness: new Readiness(),
  }),
  { logger: false, abortOnError: false },
);
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
