// What the gateway reads from the environment about playback: how it is signed, and how FLV is sent.
import { milliseconds, setting, wholeNumber } from '@millrace/service-kit';
import { z } from 'zod';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const playbackSettings = {
  flvMergeMs: setting(
    'MILLRACE_FLV_MERGE_MS',
    wholeNumber(0, 1_000),
    50,
    'How long frames are collected at most to be sent to viewers of FLV together, in milliseconds: half a millisecond for each such viewer of the process; 0: each is sent at once.',
  ),
  playbackTokenMaxMs: setting(
    'MILLRACE_PLAYBACK_TOKEN_MAX_MS',
    milliseconds(1_000),
    DAY_MS,
    'Longest life of a playback token, in milliseconds; playback with it ends when it expires.',
  ),
  playbackViewerTokenMaxMs: setting(
    'MILLRACE_PLAYBACK_VIEWER_TOKEN_MAX_MS',
    milliseconds(1_000),
    10 * MINUTE_MS,
    'Longest life of a playback token that names a viewer, in milliseconds; playback that it has begun continues without it.',
  ),
  viewerSessionMaxMs: setting(
    'MILLRACE_VIEWER_SESSION_MAX_MS',
    milliseconds(1_000),
    DAY_MS,
    'How long playback continues that was begun with a token that names a viewer, in milliseconds.',
  ),
  singleUseTokensPerSecond: setting(
    'MILLRACE_SINGLE_USE_TOKENS_PER_SECOND',
    wholeNumber(1, 10_000),
    100,
    'How many single-use playback tokens of a tenant each gateway accepts per second, ten times as many at once: each is kept until it expires.',
  ),
  shortTokensPerSecond: setting(
    'MILLRACE_SHORT_TOKENS_PER_SECOND',
    wholeNumber(1, 10_000),
    100,
    'How many short tokens of a tenant each gateway hands out per second, ten times as many at once: each is kept until the token it stands for expires.',
  ),
  playbackCountryHeader: setting(
    'MILLRACE_PLAYBACK_COUNTRY_HEADER',
    z
      .string()
      .regex(/^[A-Za-z0-9-]*$/, 'must be the name of a header')
      .transform((name) => name.toLowerCase()),
    '',
    "Header in which a trusted proxy names the viewer's country (ISO 3166-1, such as CF-IPCountry); empty: none, and restrictions to countries refuse every viewer.",
  ),
  maxPlaybackKeysPerTenant: setting(
    'MILLRACE_MAX_PLAYBACK_KEYS_PER_TENANT',
    wholeNumber(1, 100),
    10,
    'How many active playback keys a tenant may have.',
  ),
  maxPlaybackRestrictionsPerTenant: setting(
    'MILLRACE_MAX_PLAYBACK_RESTRICTIONS_PER_TENANT',
    wholeNumber(1, 10_000),
    100,
    'How many playback restrictions a tenant may have.',
  ),
  maxViewerRevocationsPerTenant: setting(
    'MILLRACE_MAX_VIEWER_REVOCATIONS_PER_TENANT',
    wholeNumber(1, 1_000_000),
    10_000,
    'How many revoked viewers of one tenant are kept until their sessions would have ended anyway; no further ones can be revoked.',
  ),
};
