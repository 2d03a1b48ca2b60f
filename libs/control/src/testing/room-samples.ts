// Messages about rooms and relays as services send them.
import { ALL_PERMISSIONS, formatRelayUsername, newId } from '@millrace/domain';
import type { AuthorizeRelay, AuthorizeRelayAnswer, RelayUsage } from '../rooms/relay-messages.ts';
import type {
  AuthorizeJoin,
  AuthorizeJoinAnswer,
  IssueIceServersAnswer,
  RenewTokenAnswer,
} from '../rooms/room-messages.ts';

export const tenantId = newId('ten');
export const roomId = newId('room');
export const participantId = newId('par');
export const subject = newId('ice');

export const roomFacts = {
  tenantId,
  roomId,
  name: 'Stand-up',
  type: 'one_to_one',
  maxParticipants: 2,
  locked: false,
  version: 1,
} as const;

export const joinRequest: AuthorizeJoin = { token: 'a.b.c', signalingId: 'signaling-1', clientAddress: '::1' };

export const joinGranted: AuthorizeJoinAnswer = {
  granted: true,
  grant: {
    room: roomFacts,
    identity: undefined,
    name: 'Ada',
    permissions: ALL_PERMISSIONS,
    limits: { maxRooms: 100, maxParticipants: 1_000 },
    admission: { tokenId: 'tok', signingKeyId: newId('sgk'), name: undefined, expiresAtMs: 1_790_000_000_000 },
  },
};

export const renewRequest = { tenantId, roomId, participantId, resumeWindowMs: 15_000 };
export const renewGranted: RenewTokenAnswer = { granted: true, token: 'd.e.f', expiresAtMs: 1_790_000_000_000 };

export const iceGranted: IssueIceServersAnswer = {
  granted: true,
  iceServers: [
    { urls: ['stun:127.0.0.1:3478'] },
    { urls: ['turn:127.0.0.1:3478?transport=udp'], username: 'u', credential: 'c' },
  ],
  expiresAtMs: 1_790_000_000_000,
};

export const relayRequest: AuthorizeRelay = {
  username: formatRelayUsername({ expiresAtS: 1_790_000_000, tenantId, subject }),
  turnId: 'turn-1',
};

export const relayGranted: AuthorizeRelayAnswer = {
  granted: true,
  tenantId,
  subject,
  expiresAtMs: 1_790_000_000_000,
  passwords: ['new', 'old'],
  limits: {
    maxAllocations: 10,
    maxAllocationsPerUser: 2,
    maxBitsPerSecond: 10_000_000,
    maxBitsPerSecondPerAllocation: 5_000_000,
  },
};

export const relayUsage: RelayUsage = {
  tenantId,
  subject,
  turnId: 'turn-1',
  allocation: 'a1',
  fromMs: 1,
  toMs: 2,
  sentBytes: 3,
  sentPackets: 4,
  receivedBytes: 5,
  receivedPackets: 6,
  final: false,
};
