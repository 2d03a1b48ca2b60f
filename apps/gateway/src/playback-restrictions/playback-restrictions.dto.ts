import { z } from 'zod';
import { isAddressRange } from '@millrace/service-kit';
import { idField, nameField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { originPattern } from '../playback-tokens/origin-pattern.ts';
import { tenantChoice } from '../tenants/tenant-choice.ts';
import type { PlaybackRestrictionEntity } from './playback-restriction.entity.ts';

const MAX_NAME_LENGTH = 100;
const MAX_ENTRIES = 50;
/** Countries of ISO 3166-1. */
const MAX_COUNTRIES = 250;
const MAX_USER_AGENT_LENGTH = 100;

export const playbackRestrictionParam = idField('playbackRestriction');

const country = z.string().regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters, such as DE');
const name = nameField(MAX_NAME_LENGTH).describe('Display name of the restriction.');
const lists = {
  allowed_origins: z
    .array(originPattern)
    .max(MAX_ENTRIES)
    .describe('Sites that may play it, such as `https://example.com` or `https://*.example.com`; empty: every site.'),
  allowed_addresses: z
    .array(z.string().refine(isAddressRange, 'must be an address or a range such as 203.0.113.0/24'))
    .max(MAX_ENTRIES)
    .describe('Ranges that viewers must come from; empty: from everywhere.'),
  allowed_countries: z
    .array(country)
    .max(MAX_COUNTRIES)
    .describe(
      'Countries that viewers must be in (ISO 3166-1); empty: any. Needs `MILLRACE_PLAYBACK_COUNTRY_HEADER`: without it no ' +
        'viewer is let in.',
    ),
  denied_countries: z.array(country).max(MAX_COUNTRIES).describe('Countries that viewers must not be in.'),
  denied_user_agents: z
    .array(nameField(MAX_USER_AGENT_LENGTH))
    .max(MAX_ENTRIES)
    .describe('Players that are refused: parts of the `User-Agent` header, not case-sensitive.'),
};
const strict = z
  .boolean()
  .describe('Check every request, for segments too: their URLs are then one viewer’s own, and no CDN may keep them.');

export const createPlaybackRestrictionBody = z
  .strictObject({
    ...tenantChoice,
    name: name.default('playback restriction'),
    allowed_origins: lists.allowed_origins.default([]),
    allowed_addresses: lists.allowed_addresses.default([]),
    allowed_countries: lists.allowed_countries.default([]),
    denied_countries: lists.denied_countries.default([]),
    denied_user_agents: lists.denied_user_agents.default([]),
    strict: strict.default(false),
  })
  .meta({ id: 'CreatePlaybackRestriction' });
export type CreatePlaybackRestrictionBody = z.infer<typeof createPlaybackRestrictionBody>;

export const updatePlaybackRestrictionBody = z
  .strictObject({
    name: name.optional(),
    allowed_origins: lists.allowed_origins.optional(),
    allowed_addresses: lists.allowed_addresses.optional(),
    allowed_countries: lists.allowed_countries.optional(),
    denied_countries: lists.denied_countries.optional(),
    denied_user_agents: lists.denied_user_agents.optional(),
    strict: strict.optional(),
  })
  .meta({ id: 'UpdatePlaybackRestriction' });
export type UpdatePlaybackRestrictionBody = z.infer<typeof updatePlaybackRestrictionBody>;

export const listPlaybackRestrictionsQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListPlaybackRestrictionsQuery = z.infer<typeof listPlaybackRestrictionsQuery>;

export const playbackRestrictionAnswer = z
  .strictObject({
    id: playbackRestrictionParam.describe('Value of the claim `restriction_id` in tokens.'),
    tenant_id: idField('tenant'),
    name: z.string(),
    allowed_origins: z.array(z.string()),
    allowed_addresses: z.array(z.string()),
    allowed_countries: z.array(z.string()),
    denied_countries: z.array(z.string()),
    denied_user_agents: z.array(z.string()),
    strict: z.boolean(),
    created_at: timeField(),
    updated_at: timeField(),
  })
  .meta({ id: 'PlaybackRestriction' });
export type PlaybackRestrictionAnswer = z.infer<typeof playbackRestrictionAnswer>;

export const playbackRestrictionPage = pageOf(playbackRestrictionAnswer).meta({ id: 'PlaybackRestrictionPage' });

export const writePlaybackRestriction = (row: PlaybackRestrictionEntity): PlaybackRestrictionAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  name: row.label,
  allowed_origins: row.allowedOrigins,
  allowed_addresses: row.allowedAddresses,
  allowed_countries: row.allowedCountries,
  denied_countries: row.deniedCountries,
  denied_user_agents: row.deniedUserAgents,
  strict: row.strict,
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
});
