import { describe, expect, it } from 'vitest';
import type { CandidatePath, CandidateType } from '@millrace/rooms-client';
import { refusalWords } from '../page/refusal-words.ts';
import { endingWords, routeWords } from './call-words.ts';
import { captureWords } from './capture-words.ts';

const path = (local: CandidateType, remote: CandidateType, transport: CandidatePath['transport']): CandidatePath => ({
  local,
  remote,
  transport,
  relayUrl: undefined,
  roundTripMs: 1,
  availableOutgoingBitsPerSecond: undefined,
});

describe('routeWords', () => {
  it.each([
    ['host', 'host', 'udp', 'direct, over UDP'],
    ['host', 'srflx', 'udp', 'direct, through NAT, over UDP'],
    ['relay', 'prflx', 'tls', 'relay over TLS'],
    ['relay', 'relay', 'tcp', 'relay over TCP, and the other side’s relay'],
    ['host', 'relay', 'udp', 'the other side’s relay, over UDP'],
  ] as const)('%s to %s over %s: %s', (local, remote, transport, words) => {
    expect(routeWords(path(local, remote, transport))).toBe(words);
  });

  it('knows when there is none', () => expect(routeWords(undefined)).toBe('none yet'));
});

describe('refusals', () => {
  it.each([
    'bad_token',
    'token_expired',
    'token_not_yet_valid',
    'room_not_found',
    'room_ended',
    'room_locked',
    'banned',
    'room_full',
    'tenant_suspended',
    'quota',
  ])('%s has words of its own', (code) => {
    expect(refusalWords(code).explanation).not.toContain(code);
  });

  it('says an unknown code', () => {
    expect(endingWords({ kind: 'refused', code: 'odd', detail: '' }).explanation).toContain('“odd”');
    expect(refusalWords('toString').explanation).toContain('“toString”');
  });
});

it('says nothing when somebody only closed the list of screens', () => {
  expect(captureWords('screen', 'cancelled')).toBe('');
  expect(captureWords('camera', 'device_busy')).toContain('in use by another program');
});
