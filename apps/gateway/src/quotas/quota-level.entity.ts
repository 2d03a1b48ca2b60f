import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';
import type { QuotaName } from './quota-names.ts';
import type { QuotaLevel } from './quota-state.ts';

/** What a tenant was told last of a quota. */
@Entity('quota_levels')
export class QuotaLevelEntity {
  @PrimaryColumn(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @PrimaryColumn(idColumn())
  quota!: QuotaName;

  @Column({ type: 'smallint' })
  level!: QuotaLevel;

  @Column(timeColumn({ name: 'changed_at' }))
  changedAt!: Date;
}
