// Deletes many rows in small steps: a statement may take a second or so, and a tenant may have millions of rows.
import type { EntityManager, EntityTarget, FindOptionsWhere } from 'typeorm';
import { In } from 'typeorm';
import type { Database } from './database.ts';

/** So many rows a step, each with what refers to it. */
const BATCH = 100;

/**
 * Deletes every row that fits, newest last. Not one transaction: when it fails half-way, what is left can be deleted again.
 *
 * @param where conditions that an index serves
 */
export async function deleteInBatches<T extends { id: string }>(
  database: Database,
  entity: EntityTarget<T>,
  where: FindOptionsWhere<T>,
): Promise<void> {
  let found: number;
  do {
    found = await database.run((manager) => deleteBatch(manager, entity, where));
  } while (found === BATCH);
}

async function deleteBatch<T extends { id: string }>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  where: FindOptionsWhere<T>,
): Promise<number> {
  const rows = await manager.getRepository(entity).find({ where, take: BATCH });
  if (rows.length > 0) await manager.delete(entity, { id: In(rows.map(({ id }) => id)) });
  return rows.length;
}
