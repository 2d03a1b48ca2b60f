import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

export const SOURCE_MODES = ['always', 'on_demand'] as const;
export type SourceMode = (typeof SOURCE_MODES)[number];

/** An address that a stream is pulled from. */
@Entity('ingest_sources')
export class IngestSourceEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column(idColumn({ name: 'live_stream_id' }))
  liveStreamId!: string;

  @Column({ type: 'text' })
  name!: string;

  /** The scheme of the address: which edges can pull it. */
  @Column({ type: 'text' })
  protocol!: string;

  /** Without credentials. */
  @Column({ type: 'text' })
  url!: string;

  /** User name and password as JSON, encrypted; null without credentials. */
  @Column({ type: 'bytea', nullable: true })
  sealed!: Buffer | null;

  /** `always`, or `on_demand`: while there are viewers. */
  @Column({ type: 'text' })
  mode!: SourceMode;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  /** Grows with each change that an edge must know of. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;
}
