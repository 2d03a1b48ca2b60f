import { newId } from '@millrace/domain';
import type { ParticipantProfile } from '@millrace/domain';
import { expect, it } from 'vitest';
import { sampleProfile, sampleRoom } from './contract/presence-harness.ts';
import { decodeProfile, decodeRoomNews, encodeProfile, encodeRoomNews } from './room-news.ts';

const admission = { tokenId: 'tok', signingKeyId: newId('sgk'), name: undefined, expiresAtMs: 1 };

it.each<Partial<ParticipantProfile>>([
  {},
  { identity: 'ada' },
  { admission },
  { admission: { ...admission, name: 'A' } },
])('a profile is read as it was written: %j', (more) => {
  const profile = sampleProfile(sampleRoom(), more);
  expect(decodeProfile(encodeProfile(profile))).toStrictEqual(profile);
  const news = { kind: 'joined', state: 'connected', profile } as const;
  expect(decodeRoomNews(encodeRoomNews(news))).toStrictEqual(news);
});

it('a profile of a release before permissions to rename and admissions belongs to a participant that may rename itself', () => {
  const { permissions: _, ...profile } = sampleProfile(sampleRoom());
  const written = JSON.stringify({ ...profile, permissions: { publish: true, chat: false } });
  expect(decodeProfile(written)).toStrictEqual({
    ...profile,
    permissions: { publish: true, chat: false, rename: true },
  });
});
