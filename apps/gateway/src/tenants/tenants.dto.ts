import { z } from 'zod';
import { idField, nameField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { TenantEntity } from './tenant.entity.ts';

const MAX_NAME_LENGTH = 100;
const MAX_LIVE_STREAMS = 100_000;
const DEFAULT_LIVE_STREAMS = 10;

const name = nameField(MAX_NAME_LENGTH).describe('What people call the tenant.');
const maxLiveStreams = z.int().min(0).max(MAX_LIVE_STREAMS).describe('How many streams may be live at once.');

export const tenantParam = idField('tenant');

export const createTenantBody = z
  .strictObject({ name, max_live_streams: maxLiveStreams.default(DEFAULT_LIVE_STREAMS) })
  .meta({ id: 'CreateTenant' });
export type CreateTenantBody = z.infer<typeof createTenantBody>;

export const updateTenantBody = z
  .strictObject({ name: name.optional(), max_live_streams: maxLiveStreams.optional() })
  .meta({ id: 'UpdateTenant' });
export type UpdateTenantBody = z.infer<typeof updateTenantBody>;

export const listTenantsQuery = z.strictObject(pageQuery);
export type ListTenantsQuery = z.infer<typeof listTenantsQuery>;

export const tenantAnswer = z
  .strictObject({
    id: tenantParam,
    name,
    status: z.enum(['active', 'suspended']),
    max_live_streams: maxLiveStreams,
    created_at: timeField(),
    updated_at: timeField(),
  })
  .meta({ id: 'Tenant' });
export type TenantAnswer = z.infer<typeof tenantAnswer>;

export const tenantPage = pageOf(tenantAnswer).meta({ id: 'TenantPage' });

export const writeTenant = (row: TenantEntity): TenantAnswer => ({
  id: row.id,
  name: row.name,
  status: row.status,
  max_live_streams: row.maxLiveStreams,
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
});
