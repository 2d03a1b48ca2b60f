// What signaling, relays and gateways may rely on when they talk, whatever carries the messages.
import type { ClientProxy } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ControlTransport } from '../control.contract.ts';
import { startRoomGateway, startRoomServer } from '../testing/room-services.ts';
import type { RoomAnswers, RoomService } from '../testing/room-services.ts';
import {
  iceGranted,
  joinGranted,
  joinRequest,
  participantId,
  relayGranted,
  relayRequest,
  relayUsage,
  renewGranted,
  renewRequest,
  roomFacts,
  roomId,
  subject,
  tenantId,
} from '../testing/room-samples.ts';
import { RelayControlClient } from './relay-control-client.ts';
import { RelaySubject } from './relay-messages.ts';
import { RoomControlClient } from './room-control-client.ts';
import { RoomSubject } from './room-messages.ts';

const LONG_MS = 15_000;
const WITHIN = { timeout: LONG_MS };
const unavailable = { granted: false, refusal: 'unavailable' };

export function describeRoomContract(name: string, open: () => ControlTransport): void {
  describe(`messages of rooms and relays ${name}`, () => {
    const cleanups: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    const keep = async (service: RoomService): Promise<RoomService> => {
      cleanups.push(() => service.app.close());
      await open().settled(service.app);
      return service;
    };
    const gateway = async (answers: RoomAnswers) => keep(await startRoomGateway(open().server('gateway'), answers));
    const server = async () => keep(await startRoomServer(open().server()));
    const clients = () => {
      const proxy: ClientProxy = open().client();
      cleanups.push(async () => proxy.close() as unknown);
      const errors: string[] = [];
      const options = { onError: (failed: string) => errors.push(failed) };
      return {
        proxy,
        errors,
        rooms: new RoomControlClient(proxy, options),
        relays: new RelayControlClient(proxy, options),
      };
    };

    it('carries what a gateway grants', async () => {
      const { heard } = await gateway({
        join: () => joinGranted,
        ice: () => iceGranted,
        renew: () => renewGranted,
        relay: () => relayGranted,
      });
      const { rooms, relays } = clients();
      expect(await rooms.authorizeJoin(joinRequest, LONG_MS)).toStrictEqual(joinGranted);
      expect(await rooms.issueIceServers({ tenantId, subject }, LONG_MS)).toStrictEqual(iceGranted);
      expect(await rooms.renewToken(renewRequest, LONG_MS)).toStrictEqual(renewGranted);
      expect(await relays.authorizeRelay(relayRequest, LONG_MS)).toStrictEqual(relayGranted);
      expect(heard).toEqual([joinRequest, { tenantId, subject }, renewRequest, relayRequest]);
    });

    it('carries what a gateway refuses', async () => {
      const locked = { granted: false, refusal: 'room_locked' };
      const revoked = { granted: false, refusal: 'revoked' };
      await gateway({ join: () => locked, ice: () => locked, renew: () => locked, relay: () => revoked });
      const { rooms, relays } = clients();
      expect(await rooms.authorizeJoin(joinRequest, LONG_MS)).toEqual(locked);
      expect(await rooms.issueIceServers({ tenantId, subject }, LONG_MS)).toEqual(locked);
      expect(await rooms.renewToken(renewRequest, LONG_MS)).toEqual(locked);
      expect(await relays.authorizeRelay(relayRequest, LONG_MS)).toEqual(revoked);
    });

    it('tells of rooms and relays to one gateway of many', async () => {
      const gateways = [await gateway({}), await gateway({})];
      const { rooms, relays } = clients();
      const joined = { tenantId, roomId, participantId, identity: 'ada', name: undefined, atMs: 2 };
      const left = { tenantId, roomId, participantId, atMs: 3, reason: 'lost' } as const;
      const finished = { tenantId, roomId, atMs: 4, reason: 'empty' } as const;
      rooms.roomStarted({ tenantId, roomId, atMs: 1 });
      rooms.participantJoined(joined);
      rooms.participantLeft(left);
      rooms.roomFinished(finished);
      relays.relayUsage(relayUsage);
      await vi.waitFor(() => {
        const heard = gateways.flatMap((one) => one.heard);
        expect(heard).toHaveLength(5);
        for (const event of [{ tenantId, roomId, atMs: 1 }, joined, left, finished, relayUsage])
          expect(heard).toContainEqual(event);
      }, WITHIN);
    });

    it('tells of changes to every server of rooms and relays', async () => {
      const servers = [await server(), await server()];
      const { rooms, relays } = clients();
      rooms.roomChanged({ ...roomFacts, locked: true });
      rooms.participantRemove({ tenantId, roomId, participantId });
      rooms.participantRemove({ tenantId, roomId, participantId, ban: { key: 'x', version: 2 } });
      rooms.roomEnd({ tenantId, roomId });
      relays.revokeRelay({ tenantId, subject });
      relays.revokeRelay({ tenantId, subject: undefined });
      await vi.waitFor(() => {
        for (const { heard } of servers) {
          expect(heard).toHaveLength(6);
          expect(heard).toContainEqual({ tenantId, roomId, participantId, ban: { key: 'x', version: 2 } });
          expect(heard).toContainEqual({ ...roomFacts, locked: true });
          expect(heard).toContainEqual({ tenantId, roomId, participantId });
          expect(heard).toContainEqual({ tenantId, roomId });
          expect(heard).toContainEqual({ tenantId, subject });
          expect(heard).toContainEqual({ tenantId, subject: undefined });
        }
      }, WITHIN);
    });

    it('answers unavailable when no service listens, within the deadline', async () => {
      const { rooms, relays, errors } = clients();
      const answers = Promise.all([
        rooms.authorizeJoin(joinRequest, 300),
        rooms.issueIceServers({ tenantId, subject }, 300),
        relays.authorizeRelay(relayRequest, 300),
      ]);
      expect(await answers).toEqual([unavailable, unavailable, unavailable]);
      expect(new Set(errors)).toEqual(
        new Set([RoomSubject.authorizeJoin, RoomSubject.issueIceServers, RelaySubject.authorizeRelay]),
      );
    });

    it('tries again when a gateway fails, until one answers', async () => {
      const calls = { join: 0, ice: 0, relay: 0 };
      const third = (kind: keyof typeof calls, answer: object) => () => {
        if (++calls[kind] < 3) throw new Error('database is away');
        return answer;
      };
      await gateway({
        join: third('join', joinGranted),
        ice: third('ice', iceGranted),
        relay: third('relay', relayGranted),
      });
      const { rooms, relays, errors } = clients();
      expect(await rooms.authorizeJoin(joinRequest, LONG_MS)).toEqual(joinGranted);
      expect(await rooms.issueIceServers({ tenantId, subject }, LONG_MS)).toEqual(iceGranted);
      expect(await relays.authorizeRelay(relayRequest, LONG_MS)).toEqual(relayGranted);
      expect([calls, errors.length]).toEqual([{ join: 3, ice: 3, relay: 3 }, 6]);
    });

    it('takes no malformed answer', async () => {
      await gateway({
        join: () => ({ granted: true, grant: { room: roomFacts } }),
        ice: () => ({ granted: true, iceServers: [{ urls: 'stun:x' }], expiresAtMs: 1 }),
        relay: () => ({ ...relayGranted, passwords: [] }),
      });
      const { rooms, relays } = clients();
      expect(await rooms.authorizeJoin(joinRequest, 200)).toEqual(unavailable);
      expect(await rooms.issueIceServers({ tenantId, subject }, 200)).toEqual(unavailable);
      expect(await relays.authorizeRelay(relayRequest, 200)).toEqual(unavailable);
    });

    it('answers a malformed request with an error, and drops a malformed event', async () => {
      const { heard } = await gateway({ relay: () => relayGranted });
      const { proxy, rooms } = clients();
      const send = firstValueFrom(proxy.send(RelaySubject.authorizeRelay, { ...relayRequest, username: 'someone' }));
      await expect(send).rejects.toBeDefined();
      await firstValueFrom(proxy.emit(RoomSubject.roomStarted, { roomId: 1 }), { defaultValue: undefined });
      rooms.roomStarted({ tenantId, roomId, atMs: 1 });
      await vi.waitFor(() => expect(heard).toEqual([{ tenantId, roomId, atMs: 1 }]), WITHIN);
    });
  });
}
