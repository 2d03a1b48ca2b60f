import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Facts about this installation as a whole, one a row. */
@Entity('installation')
export class InstallationEntity {
  @PrimaryColumn({ type: 'text' })
  name!: string;

  @Column({ type: 'jsonb' })
  value!: unknown;
}
