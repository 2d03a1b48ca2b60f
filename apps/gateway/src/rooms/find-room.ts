import type { EntityManager } from 'typeorm';
import { notFound, ownedBy } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { RoomEntity } from './room.entity.ts';

/**
 * Finds a room that the caller may see; also the check for everything below it.
 *
 * @param lock whether to hold the row until the transaction ends
 * @throws ProblemError `not_found` for what does not exist and for what belongs to another tenant
 */
export async function findRoom(
  manager: EntityManager,
  caller: Principal,
  id: string,
  lock = false,
): Promise<RoomEntity> {
  const row = await manager.findOne(RoomEntity, {
    where: { id, ...ownedBy(caller) },
    ...(lock ? { lock: { mode: 'for_no_key_update' } } : {}),
  });
  if (row === null) throw notFound();
  return row;
}
