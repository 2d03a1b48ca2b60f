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

  it('of an ended room read the same in the call and when joining', () => {
    const ended = { headline: 'The room has ended', explanation: 'The host has closed it.' };
    expect(endingWords({ kind: 'left', reason: 'room_ended' })).toEqual(ended);
    expect(endingWords({ kind: 'refused', code: 'room_ended', detail: '' })).toEqual(ended);
    expect(endingWords({ kind: 'left', reason: 'removed' }).headline).toBe(refusalWords('banned').headline);
  });

  it('says an unknown code', () => {
    expect(endingWords({ kind: 'refused', code: 'odd', detail: '' }).explanation).toContain('“odd”');
    expect(refusalWords('toString').explanation).toContain('“toString”');
  });
});

it('says nothing when the list of screens was only closed', () => {
  expect(captureWords('screen', 'cancelled')).toBe('');
  expect(captureWords('camera', 'device_busy')).toContain('in use by another program');
});
