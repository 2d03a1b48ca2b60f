import { newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { iceGranted, joinGranted, relayGranted, relayRequest, roomFacts } from '../testing/room-samples.ts';
import { authorizeRelayAnswerSchema, authorizeRelaySchema } from './relay-schemas.ts';
import {
  authorizeJoinAnswerSchema,
  authorizeJoinSchema,
  issueIceServersAnswerSchema,
  MAX_JOIN_TOKEN_LENGTH,
  roomFactsSchema,
} from './room-schemas.ts';

describe('schemas of rooms and relays', () => {
  it('put back what JSON left out', () => {
    const parsed = authorizeJoinAnswerSchema.parse(JSON.parse(JSON.stringify(joinGranted)));
    expect(parsed).toStrictEqual(joinGranted);
  });

  it('leave out of an ICE server what it does not have, as RTCPeerConnection wants it', () => {
    const parsed = issueIceServersAnswerSchema.parse(JSON.parse(JSON.stringify(iceGranted)));
    expect(parsed).toStrictEqual(iceGranted);
  });

  it.each([
    ['an id that would be two subject tokens', { roomId: 'room_a.b' }],
    ['an id of another kind', { roomId: newId('ten') }],
    ['no place for a participant', { maxParticipants: 0 }],
    ['an unknown type', { type: 'lecture' }],
    ['an endless name', { name: 'x'.repeat(129) }],
  ])('refuse a room with %s', (_, wrong) => {
    expect(roomFactsSchema.safeParse({ ...roomFacts, ...wrong }).success).toBe(false);
  });

  it('bound every text that a peer chose', () => {
    const request = { token: 'x'.repeat(MAX_JOIN_TOKEN_LENGTH), signalingId: 's', clientAddress: '::1' };
    expect(authorizeJoinSchema.safeParse(request).success).toBe(true);
    for (const [field, text] of Object.entries(request))
      expect(authorizeJoinSchema.safeParse({ ...request, [field]: text.padEnd(5_000, 'x') }).success).toBe(false);
    expect(authorizeRelaySchema.safeParse({ ...relayRequest, turnId: 'x'.repeat(64) }).success).toBe(false);
  });

  it.each([
    ['no password', { passwords: [] }],
    ['an empty password', { passwords: [''] }],
    ['a subject of two parts', { subject: 'a:b' }],
    ['a negative limit', { limits: { ...(relayGranted.granted ? relayGranted.limits : {}), maxAllocations: -1 } }],
  ])('refuse a relay grant with %s', (_, wrong) => {
    expect(authorizeRelayAnswerSchema.safeParse({ ...relayGranted, ...wrong }).success).toBe(false);
  });
});
