import type { NewEvent } from '../events/append-event.ts';
import type { EventType } from '../events/event-types.ts';
import type { SigningKeyEntity } from './signing-key.entity.ts';
import { writeSigningKey } from './signing-keys.dto.ts';

export const signingKeyEvent = (type: EventType, row: SigningKeyEntity): NewEvent => ({
  type,
  tenantId: row.tenantId,
  objectId: row.id,
  object: writeSigningKey(row),
});
