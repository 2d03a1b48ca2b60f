import { DEFAULT_STREAM_SETTINGS, newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import {
  authorizePublishSchema,
  cutPublisherSchema,
  publishClaimSchema,
  sessionWarnedSchema,
} from './message-schemas.ts';

const claim = {
  tenantId: newId('ten'),
  streamId: newId('str'),
  streamKeyId: newId('skey'),
  sessionId: newId('ses'),
  epoch: 5,
  edgeId: 'edge-1',
  sessionStartedAtMs: 1,
  epochStartedAtMs: 2,
  settings: DEFAULT_STREAM_SETTINGS,
};

describe('message schemas', () => {
  it('take a claim', () => {
    expect(publishClaimSchema.parse(claim)).toEqual(claim);
    const waiting = { ...claim, role: 'backup', maxLiveStreams: 3, standby: true };
    expect(publishClaimSchema.parse(waiting)).toEqual(waiting);
  });

  it.each([
    ['an id that would be two subject tokens', { streamId: 'str_a.b' }],
    ['an id of another kind', { streamId: newId('ten') }],
    ['a negative epoch', { epoch: -1 }],
    ['an epoch beyond safe integers', { epoch: 2 ** 53 }],
    ['an epoch as text', { epoch: '5' }],
    ['unknown settings', { settings: { ...DEFAULT_STREAM_SETTINGS, secondPublisher: 'both' } }],
  ])('refuse a claim with %s', (_, wrong) => {
    expect(publishClaimSchema.safeParse({ ...claim, ...wrong }).success).toBe(false);
  });

  it('bound every text that a peer chose', () => {
    const request = { key: 'k', app: 'a', edgeId: 'e', protocol: 'rtmp', clientAddress: '::1', encoder: '' };
    expect(authorizePublishSchema.safeParse(request).success).toBe(true);
    for (const field of Object.keys(request))
      expect(authorizePublishSchema.safeParse({ ...request, [field]: 'x'.repeat(1_000) }).success).toBe(false);
  });

  it('take a protocol that this release has never heard of, and nothing that is no name', () => {
    const request = { key: 'k', app: 'a', edgeId: 'e', clientAddress: '::1', encoder: '' };
    const takes = (protocol: string) => authorizePublishSchema.safeParse({ ...request, protocol }).success;
    expect(['rtmp', 'rtmps', 'srt', 'moq-01'].filter((name) => !takes(name))).toEqual([]);
    expect(['', 'RTMP', 'rt mp', '1x', 'x'.repeat(17), 'rtmp\n'].filter(takes)).toEqual([]);
  });

  it('take a warning that a newer release invented, and bound what it says', () => {
    const warned = { ...claim, warning: { code: 'something_new', message: 'words', track: 'audio', firstAtMs: 1 } };
    expect(sessionWarnedSchema.parse(warned).warning).toEqual(warned.warning);
    for (const wrong of [
      { code: 'x'.repeat(65) },
      { code: 'No Code' },
      { message: 'x'.repeat(257) },
      { track: 'data' },
    ])
      expect(sessionWarnedSchema.safeParse({ ...warned, warning: { ...warned.warning, ...wrong } }).success).toBe(
        false,
      );
  });

  it('put back what JSON left out', () => {
    const streamId = newId('str');
    expect(cutPublisherSchema.parse({ streamId, reason: 'taken_over' })).toStrictEqual({
      streamId,
      streamKeyId: undefined,
      reason: 'taken_over',
      beforeEpoch: undefined,
    });
  });
});
