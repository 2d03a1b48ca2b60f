import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownFacts } from './known-facts.ts';

@Module({ imports: [DatabaseModule], providers: [KnownFacts], exports: [KnownFacts] })
export class KnownModule {}
