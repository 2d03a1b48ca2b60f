import { describe, expect, it } from 'vitest';
import { newestProblem } from './stream-problem.ts';

const EARLY = '2026-01-01T10:00:00.000Z';
const LATE = '2026-01-01T11:00:00.000Z';
const connection = (started: string, ended: string | null, reason: string | null) => ({
  stream_key_id: 'skey_1',
  protocol: 'rtmp',
  encoder: null,
  client_address: null,
  started_at: started,
  ended_at: ended,
  role: 'primary' as const,
  end_reason: reason,
  bytes: null,
  video_frames: null,
  audio_frames: null,
});
const well = { health: null };
const refusal = { reason: 'quota', at: LATE };

describe('newestProblem', () => {
  it('is what disturbs the stream now, before what refused an encoder', () => {
    const health = { conditions: [{ code: 'gop_too_long', message: 'far apart', since: EARLY }] };
    expect(newestProblem({ health }, undefined, refusal)).toEqual({
      code: 'gop_too_long',
      message: 'far apart',
      at: EARLY,
      lasts: true,
    });
  });

  it('is the refusal of an encoder, until one has connected since', () => {
    expect(newestProblem(well, undefined, refusal)).toMatchObject({ code: 'quota', at: LATE, lasts: false });
    const since = { connections: [connection(LATE, null, null)] };
    expect(newestProblem(well, since, { ...refusal, at: EARLY })).toBeUndefined();
  });

  it('is why the last connection ended, unless that was meant', () => {
    const ended = (reason: string) => ({ connections: [connection(EARLY, LATE, reason)] });
    expect(newestProblem(well, ended('key_revoked'), undefined)).toMatchObject({ code: 'key_revoked', at: LATE });
    expect(newestProblem(well, ended('unpublished'), undefined)).toBeUndefined();
  });

  it('is that an encoder left before it sent anything', () => {
    const left = (pictures: number, sound: number) => ({
      connections: [
        { ...connection(EARLY, LATE, 'client_closed'), bytes: 0, video_frames: pictures, audio_frames: sound },
      ],
    });
    expect(newestProblem(well, left(0, 0), undefined)).toMatchObject({ code: 'no_media', at: LATE });
    expect(newestProblem(well, left(1, 0), undefined)).toBeUndefined();
    expect(newestProblem(well, left(0, 1), undefined)).toBeUndefined();
  });

  it('is over once an encoder is connected again', () => {
    const connections = [connection(LATE, null, null), connection(EARLY, LATE, 'lost')];
    expect(newestProblem(well, { connections }, undefined)).toBeUndefined();
  });
});
