// A live stream as events give it: what is written down of it, without what it is doing now.
import { timeText } from '../http/fields.ts';
import type { LiveStreamEntity } from './live-stream.entity.ts';
import { settingFields } from './stream-settings.ts';

export const streamObject = (row: LiveStreamEntity): Record<string, unknown> => ({
  id: row.id,
  tenant_id: row.tenantId,
  name: row.name,
  enabled: row.enabled,
  ...settingFields(row),
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
});
