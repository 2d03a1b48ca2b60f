import { z } from 'zod';
import { idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { TenantEntity } from './tenant.entity.ts';

const MAX_NAME_LENGTH = 100;
const MAX_LIVE_STREAMS = 100_000;
const DEFAULT_LIVE_STREAMS = 10;
const MAX_COUNT = 1_000_000;
const MAX_BITS_PER_SECOND = 1_000_000_000_000;

const name = nameField(MAX_NAME_LENGTH).describe('Display name of the tenant.');
const maxLiveStreams = z.int().min(0).max(MAX_LIVE_STREAMS).describe('Maximum number of concurrent live streams.');
const roomQuotas = {
  max_rooms: z.int().min(0).max(MAX_COUNT).describe('Maximum number of concurrently open rooms.'),
  max_participants: z
    .int()
    .min(0)
    .max(MAX_COUNT)
    .describe('Maximum number of concurrent participants in all its rooms.'),
  max_relay_allocations: z.int().min(0).max(MAX_COUNT).describe('Maximum number of concurrent relay allocations.'),
  max_relay_bits_per_second: z
    .int()
    .min(0)
    .max(MAX_BITS_PER_SECOND)
    .describe('Highest total bitrate of its relay allocations, both directions together.'),
};
const requireSignedPlayback = z
  .boolean()
  .describe('Public playback ids cannot be created, and existing ones do not play. A tenant may change this itself.');
const DEFAULT_ROOM_QUOTAS = {
  max_rooms: 100,
  max_participants: 1_000,
  max_relay_allocations: 2_000,
  max_relay_bits_per_second: 500_000_000,
};

export const tenantParam = idField('tenant');

export const createTenantBody = z
  .strictObject({
    name,
    max_live_streams: maxLiveStreams.default(DEFAULT_LIVE_STREAMS),
    max_rooms: roomQuotas.max_rooms.default(DEFAULT_ROOM_QUOTAS.max_rooms),
    max_participants: roomQuotas.max_participants.default(DEFAULT_ROOM_QUOTAS.max_participants),
    max_relay_allocations: roomQuotas.max_relay_allocations.default(DEFAULT_ROOM_QUOTAS.max_relay_allocations),
    max_relay_bits_per_second: roomQuotas.max_relay_bits_per_second.default(
      DEFAULT_ROOM_QUOTAS.max_relay_bits_per_second,
    ),
    require_signed_playback: requireSignedPlayback.default(false),
  })
  .meta({ id: 'CreateTenant' });
export type CreateTenantBody = z.infer<typeof createTenantBody>;

export const updateTenantBody = z
  .strictObject({
    name,
    max_live_streams: maxLiveStreams,
    ...roomQuotas,
    require_signed_playback: requireSignedPlayback,
  })
  .partial()
  .meta({ id: 'UpdateTenant' });
export type UpdateTenantBody = z.infer<typeof updateTenantBody>;

const tenantStatus = z.enum(['active', 'suspended', 'deleted']);

export const listTenantsQuery = z.strictObject({
  ...pageQuery,
  status: tenantStatus.optional().describe('Without it: all but deleted ones.'),
});
export type ListTenantsQuery = z.infer<typeof listTenantsQuery>;

export const deleteTenantQuery = z.strictObject({
  purge: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true: deletes the data at once, also of a tenant that is deleted already. It cannot be restored.')
    .transform((text) => text === 'true'),
});
export type DeleteTenantQuery = z.output<typeof deleteTenantQuery>;

export const tenantAnswer = z
  .strictObject({
    id: tenantParam,
    name,
    status: tenantStatus,
    max_live_streams: maxLiveStreams,
    ...roomQuotas,
    require_signed_playback: requireSignedPlayback,
    created_at: timeField(),
    updated_at: timeField(),
    deleted_at: timeField().nullable(),
    purge_at: timeField()
      .nullable()
      .describe('When the data of a deleted tenant is deleted for good; until then it can be restored.'),
  })
  .meta({ id: 'Tenant' });
export type TenantAnswer = z.infer<typeof tenantAnswer>;

export const tenantPage = pageOf(tenantAnswer).meta({ id: 'TenantPage' });

export const writeTenant = (row: TenantEntity): TenantAnswer => ({
  id: row.id,
  name: row.name,
  status: row.deletedAt === null ? row.status : 'deleted',
  max_live_streams: row.maxLiveStreams,
  max_rooms: row.maxRooms,
  max_participants: row.maxParticipants,
  max_relay_allocations: row.maxRelayAllocations,
  max_relay_bits_per_second: row.maxRelayBitsPerSecond,
  require_signed_playback: row.requireSignedPlayback,
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
  deleted_at: optionalTimeText(row.deletedAt),
  purge_at: optionalTimeText(row.purgeAt),
});

/** The columns of the fields that were given. */
export const tenantColumns = (fields: UpdateTenantBody): Partial<TenantEntity> => ({
  ...(fields.name !== undefined && { name: fields.name }),
  ...(fields.max_live_streams !== undefined && { maxLiveStreams: fields.max_live_streams }),
  ...(fields.max_rooms !== undefined && { maxRooms: fields.max_rooms }),
  ...(fields.max_participants !== undefined && { maxParticipants: fields.max_participants }),
  ...(fields.max_relay_allocations !== undefined && { maxRelayAllocations: fields.max_relay_allocations }),
  ...(fields.max_relay_bits_per_second !== undefined && { maxRelayBitsPerSecond: fields.max_relay_bits_per_second }),
  ...(fields.require_signed_playback !== undefined && { requireSignedPlayback: fields.require_signed_playback }),
});
