import { expect, it } from 'vitest';
import { PublishedMedia } from './published-media.ts';

const track = (kind: string) => ({ kind, enabled: true });

it('counts a source without a track as muted', () => {
  const media = new PublishedMedia<{ kind: string; enabled: boolean }>();
  expect(media.muteState()).toEqual({ audio: true, video: true, screen: true });
  media.set('camera', track('video'));
  expect(media.muteState()).toEqual({ audio: true, video: false, screen: true });
  media.set('camera', undefined);
  expect(media.muteState()).toEqual({ audio: true, video: true, screen: true });
});

it('mutes by disabling the track, also one that comes later', () => {
  const media = new PublishedMedia<{ kind: string; enabled: boolean }>();
  const [first, second] = [track('audio'), track('audio')];
  media.set('microphone', first);
  media.setMuted('microphone', true);
  media.set('microphone', second);
  expect([first.enabled, second.enabled, media.isMuted('microphone')]).toEqual([false, false, true]);
  media.setMuted('microphone', false);
  expect([second.enabled, media.isMuted('microphone')]).toEqual([true, false]);
});
