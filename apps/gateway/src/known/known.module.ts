import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { FactFinder } from './fact-finder.ts';
import { KnownFacts } from './known-facts.ts';

@Module({ imports: [DatabaseModule], providers: [KnownFacts, FactFinder], exports: [KnownFacts, FactFinder] })
export class KnownModule {}
