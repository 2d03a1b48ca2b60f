// When a fresh token is asked for, and what follows from the answer.
import type { RenewToken, RenewTokenAnswer } from '@millrace/control';
import { ALL_PERMISSIONS, newId } from '@millrace/domain';
import type { ParticipantProfile } from '@millrace/domain';
import type { ServerMessage } from '@millrace/rooms-client';
import { beforeEach, expect, it } from 'vitest';
import { TokenRenewal } from './token-renewal.ts';

const NOW = 1_790_000_000_000;
const MINUTE = 60_000;
const RESUME_MS = 15_000;
/** The resume window and five minutes. */
const FRESH_MS = RESUME_MS + 5 * MINUTE;
const granted = (expiresAtMs: number): RenewTokenAnswer => ({ granted: true, token: 'fresh', expiresAtMs });

let asked: RenewToken[];
let sent: ServerMessage[];
let answer: RenewTokenAnswer;
beforeEach(() => {
  [asked, sent, answer] = [[], [], granted(NOW + FRESH_MS)];
});

/** Of a participant whose token has so much time left. */
function renewal(leftMs: number | undefined): TokenRenewal {
  const ids = { participantId: newId('par'), tenantId: newId('ten'), roomId: newId('room') };
  const admission = { tokenId: 'tok', signingKeyId: newId('sgk'), name: undefined, expiresAtMs: NOW + (leftMs ?? 0) };
  const profile: ParticipantProfile = {
    ...ids,
    identity: undefined,
    name: 'Ada',
    metadata: {},
    muted: { audio: true, video: true, screen: true },
    permissions: ALL_PERMISSIONS,
    joinedAtMs: NOW,
    ...(leftMs !== undefined && { admission }),
  };
  const control = {
    renewToken: async (request: RenewToken) => {
      asked.push(request);
      return answer;
    },
  };
  const settings = { roomResumeMs: RESUME_MS, signalingAuthorizeMs: 1_000 };
  return new TokenRenewal({ control, settings }, { send: (message) => void sent.push(message) }, profile);
}

/** Ticks, and lets what it has begun end. */
async function tick(one: TokenRenewal, afterMs: number): Promise<number> {
  one.tick(NOW + afterMs);
  one.tick(NOW + afterMs);
  await new Promise((resolve) => setImmediate(resolve));
  return asked.length;
}

it('waits until two and a half minutes beyond the resume window are left, then asks whenever half of a fresh one is over', async () => {
  const one = renewal(60 * MINUTE);
  const dueMs = 60 * MINUTE - RESUME_MS - 2.5 * MINUTE;
  expect(await tick(one, dueMs - 1)).toBe(0);
  answer = granted(NOW + dueMs + FRESH_MS);
  expect(await tick(one, dueMs)).toBe(1);
  expect(asked[0]).toMatchObject({ resumeWindowMs: RESUME_MS });
  expect(sent).toEqual([{ type: 'token', token: 'fresh', expires_at: new Date(NOW + dueMs + FRESH_MS).toISOString() }]);
  expect(await tick(one, dueMs + FRESH_MS / 2 - 1)).toBe(1);
  expect(await tick(one, dueMs + FRESH_MS / 2)).toBe(2);
});

it('asks at once for who came with the last seconds of a token', async () => {
  expect(await tick(renewal(1_000), 0)).toBe(1);
});

it('asks at half of the time where tokens may not last as long', async () => {
  const one = renewal(0);
  answer = granted(NOW + MINUTE);
  expect(await tick(one, 0)).toBe(1);
  expect(await tick(one, MINUTE / 2 - 1)).toBe(1);
  expect(await tick(one, MINUTE / 2)).toBe(2);
});

it('tries again when there was no answer, and not when it was no', async () => {
  const one = renewal(0);
  answer = { granted: false, refusal: 'unavailable' };
  expect(await tick(one, 0)).toBe(1);
  expect(await tick(one, 9_999)).toBe(1);
  answer = { granted: false, refusal: 'banned' };
  expect(await tick(one, 10_000)).toBe(2);
  expect(await tick(one, 60 * MINUTE)).toBe(2);
  expect(sent).toEqual([]);
});

it('asks for no participant whose place is lost, and for none that an older release admitted', async () => {
  const one = renewal(0);
  one.tick(NOW);
  one.stop();
  expect(await tick(one, 60 * MINUTE)).toBe(1);
  expect(await tick(renewal(undefined), 60 * MINUTE)).toBe(1);
  expect(sent).toEqual([]);
});
