import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KeyExpiries } from './key-expiries.ts';
import { PublisherCuts } from './publisher-cuts.ts';

@Module({ imports: [DatabaseModule], providers: [KeyExpiries, PublisherCuts], exports: [KeyExpiries, PublisherCuts] })
export class PublisherCutsModule {}
