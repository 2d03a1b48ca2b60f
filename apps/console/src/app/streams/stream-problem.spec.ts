import { describe, expect, it } from 'vitest';
import { newestProblem } from './stream-problem.ts';

const EARLY = '2026-01-01T10:00:00.000Z';
const LATE = '2026-01-01T11:00:00.000Z';
const connection = (ended: string | null, reason: string | null) => ({
  stream_key_id: 'skey_1',
  protocol: 'rtmp',
  encoder: null,
  client_address: null,
  started_at: EARLY,
  ended_at: ended,
  end_reason: reason,
  bytes: null,
});
const warnings = [{ code: 'no_idr', message: 'no IDR pictures', first_at: EARLY }];

describe('newestProblem', () => {
  it('is what disturbs the stream now', () => {
    const session = { warnings, connections: [connection(null, null)] };
    expect(newestProblem({ status: 'active' }, session)).toEqual({
      code: 'no_idr',
      message: 'no IDR pictures',
      at: EARLY,
      lasts: true,
    });
  });

  it('is why the last connection ended, unless that was meant', () => {
    const ended = (reason: string) => ({ warnings, connections: [connection(LATE, reason)] });
    expect(newestProblem({ status: 'idle' }, ended('key_revoked'))).toMatchObject({ code: 'key_revoked', at: LATE });
    expect(newestProblem({ status: 'idle' }, ended('unpublished'))).toBeUndefined();
  });

  it('is over once an encoder is connected again', () => {
    const connections = [connection(null, null), connection(LATE, 'lost')];
    expect(newestProblem({ status: 'active' }, { warnings: [], connections })).toBeUndefined();
  });

  it('is none before the first session', () => {
    expect(newestProblem({ status: 'idle' }, undefined)).toBeUndefined();
  });
});
