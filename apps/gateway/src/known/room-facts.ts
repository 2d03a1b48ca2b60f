import type { RoomFacts } from '@millrace/domain';
import type { RoomFact } from './facts.ts';

/** What the control plane says of a room. */
export const roomFactsOf = (roomId: string, fact: RoomFact): RoomFacts => ({
  roomId,
  tenantId: fact.tenantId,
  name: fact.name,
  type: fact.type,
  maxParticipants: fact.maxParticipants,
  locked: fact.locked,
  version: fact.version,
});
