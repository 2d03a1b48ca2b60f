import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn } from '../database/columns.ts';
import type { UsageKind } from '@millrace/domain';

/** The source of what is added up from all processes. */
export const ALL_SOURCES = '00000000-0000-0000-0000-000000000000';

/** How much a tenant has used in an hour, as one process has counted it, or as all have. */
@Entity('usage_amounts')
export class UsageAmountEntity {
  @PrimaryColumn(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  /** Hours since 1970. */
  @PrimaryColumn({ type: 'integer' })
  hour!: number;

  /** Empty: not of a live stream. */
  @PrimaryColumn(idColumn({ name: 'live_stream_id' }))
  liveStreamId!: string;

  @PrimaryColumn(idColumn())
  kind!: UsageKind;

  /** Empty: none is meant. */
  @PrimaryColumn(idColumn())
  protocol!: string;

  /** The process that counted it, or `ALL_SOURCES`. */
  @PrimaryColumn({ type: 'uuid' })
  source!: string;

  @Column({ type: 'double precision' })
  amount!: number;
}
