// Deletes many rows in small steps: a statement may take a second or so, and a tenant may have millions of rows.
import type { EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import type { Database } from './database.ts';

/** So many rows a step, each with what refers to it. */
const BATCH = 200;

/**
 * Deletes every row that fits. Not one transaction: when it fails half-way, what is left can be deleted again. Rows that are locked, as by
 * another gateway that does the same, are left out.
 *
 * @param where conditions that an index serves
 * @param stop ends it after the current step
 */
export async function deleteInBatches<T extends ObjectLiteral>(
  database: Pick<Database, 'run'>,
  entity: EntityTarget<T>,
  where: FindOptionsWhere<T>,
  stop?: AbortSignal,
): Promise<void> {
  let deleted: number;
  do {
    deleted = await database.run(async (manager) => {
      const rows = manager.createQueryBuilder(entity, 'row').select('"row".ctid').where(where).limit(BATCH);
      const [select, parameters] = rows.getQueryAndParameters();
      const { tablePath } = manager.connection.getMetadata(entity);
      // The array is made once: a plain subquery could be run again, and lock and delete more than one step.
      const [counted]: { count: number }[] = await manager.query(
        `WITH gone AS (DELETE FROM ${tablePath} WHERE ctid = ANY (ARRAY(${select} FOR UPDATE SKIP LOCKED)) RETURNING 1)
         SELECT count(*)::int AS count FROM gone`,
        parameters,
      );
      return counted?.count ?? 0;
    });
  } while (deleted === BATCH && stop?.aborted !== true);
}
