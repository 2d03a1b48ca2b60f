import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

export type TenantStatus = 'active' | 'suspended';

@Entity('tenants')
export class TenantEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  /** A deleted tenant is suspended too. */
  @Column({ type: 'text' })
  status!: TenantStatus;

  @Column(timeColumn({ name: 'deleted_at', nullable: true }))
  deletedAt!: Date | null;

  /** From then on it cannot be restored, and its rows are deleted. */
  @Column(timeColumn({ name: 'purge_at', nullable: true }))
  purgeAt!: Date | null;

  /** How many streams may be live at once. */
  @Column({ name: 'max_live_streams', type: 'integer' })
  maxLiveStreams!: number;

  /** How many rooms may be open at once. */
  @Column({ name: 'max_rooms', type: 'integer' })
  maxRooms!: number;

  /** How many participants may be in its rooms at once. */
  @Column({ name: 'max_participants', type: 'integer' })
  maxParticipants!: number;

  /** How many relay allocations may be there at once. */
  @Column({ name: 'max_relay_allocations', type: 'integer' })
  maxRelayAllocations!: number;

  /** How much they may relay together. */
  @Column(bigintColumn({ name: 'max_relay_bits_per_second' }))
  maxRelayBitsPerSecond!: number;

  /** What one encoder may send; null: unlimited. */
  @Column(bigintColumn({ name: 'max_ingest_bits_per_second', nullable: true }))
  maxIngestBitsPerSecond!: number | null;

  /** What its viewers may be sent in a calendar month; null: unlimited. */
  @Column(bigintColumn({ name: 'max_egress_bytes_per_month', nullable: true }))
  maxEgressBytesPerMonth!: number | null;

  /** What it may read and change by REST; null: as the settings say. */
  @Column({ name: 'max_api_reads_per_second', type: 'integer', nullable: true })
  maxApiReadsPerSecond!: number | null;

  @Column({ name: 'max_api_writes_per_second', type: 'integer', nullable: true })
  maxApiWritesPerSecond!: number | null;

  /** How many may watch its streams at once; null: unlimited. */
  @Column({ name: 'max_viewers', type: 'integer', nullable: true })
  maxViewers!: number | null;

  /** How many may watch one of them. */
  @Column({ name: 'max_viewers_per_stream', type: 'integer', nullable: true })
  maxViewersPerStream!: number | null;

  /** Whether its streams are played with tokens only. */
  @Column({ name: 'require_signed_playback', type: 'boolean' })
  requireSignedPlayback!: boolean;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;
}
