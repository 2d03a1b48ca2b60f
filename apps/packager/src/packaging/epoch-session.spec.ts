import { DEFAULT_STREAM_SETTINGS } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { firstPoint } from '../testing/cut-log.ts';
import { epochSession } from './epoch-session.ts';

const claim: PublishClaim = {
  tenantId: 'ten_1',
  streamId: 'str_1',
  streamKeyId: 'skey_1',
  sessionId: 'ses_new',
  epoch: 9_000,
  edgeId: 'edge-1',
  sessionStartedAtMs: 5_000,
  epochStartedAtMs: 8_999,
  settings: DEFAULT_STREAM_SETTINGS,
};
const point = firstPoint(1_000, 'ses_old');

describe('the session of an epoch', () => {
  it.each([
    ['is not known before its claim is', 9_001, undefined],
    [
      'is that of its claim',
      9_000,
      { sessionId: 'ses_new', epochZeroMs: 8_999, segmentTargetMs: 2_000, keyRotationSegments: 0 },
    ],
    ['is that of a later claim, when the session began before it', 6_000, { sessionId: 'ses_new', epochZeroMs: 6_000 }],
    [
      'is the one before, when the session of the claim began after it',
      4_000,
      { sessionId: 'ses_old', epochZeroMs: 4_000 },
    ],
  ])('%s', (_name, epoch, expected) => {
    expect(epochSession(epoch, claim, point, undefined)).toEqual(
      expected && { segmentTargetMs: undefined, keyRotationSegments: undefined, ...expected },
    );
  });

  it('is what was committed once, when that is cut again', () => {
    const rebuildTo = { ...firstPoint(6_000, 'ses_new'), epochZeroMs: 6_007 };
    expect(epochSession(6_000, claim, point, rebuildTo)).toMatchObject({ sessionId: 'ses_new', epochZeroMs: 6_007 });
  });
});
