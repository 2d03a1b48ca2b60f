import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

export type TenantStatus = 'active' | 'suspended';

@Entity('tenants')
export class TenantEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  status!: TenantStatus;

  /** How many streams may be live at once. */
  @Column({ name: 'max_live_streams', type: 'integer' })
  maxLiveStreams!: number;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;
}
