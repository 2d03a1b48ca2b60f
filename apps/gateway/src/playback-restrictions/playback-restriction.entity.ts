import { Column, Entity, PrimaryColumn } from 'typeorm';
import { idColumn, timeColumn } from '../database/columns.ts';

const textsColumn = (name: string) => ({ name, type: 'text' as const, array: true });

/** Where, and by which players, a signed stream may be played: tokens name it. */
@Entity('playback_restrictions')
export class PlaybackRestrictionEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  @Column(idColumn({ name: 'tenant_id' }))
  tenantId!: string;

  @Column({ type: 'text' })
  label!: string;

  @Column(textsColumn('allowed_origins'))
  allowedOrigins!: string[];

  @Column(textsColumn('allowed_addresses'))
  allowedAddresses!: string[];

  @Column(textsColumn('allowed_countries'))
  allowedCountries!: string[];

  @Column(textsColumn('denied_countries'))
  deniedCountries!: string[];

  @Column(textsColumn('denied_user_agents'))
  deniedUserAgents!: string[];

  /** Whether each request of a viewer is checked, for segments too. */
  @Column({ type: 'boolean' })
  strict!: boolean;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;
}
