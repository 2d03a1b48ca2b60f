import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { EntityClass } from './data-source.ts';
import { Database } from './database.ts';
import { Purges } from './purges.ts';

const ENTITIES_OF_FEATURE = Symbol('EntitiesOfFeature');

@Module({ providers: [Database, Purges], exports: [Database, Purges] })
export class DatabaseModule {
  /** For a feature that has tables of its own: gives it the database, and the database its tables. */
  static withEntities(...entities: EntityClass[]): DynamicModule {
    const added = {
      provide: ENTITIES_OF_FEATURE,
      inject: [Database],
      useFactory: (database: Database) => database.addEntities(entities),
    };
    return { module: FeatureDatabaseModule, imports: [DatabaseModule], providers: [added], exports: [DatabaseModule] };
  }
}

@Module({})
class FeatureDatabaseModule {}
