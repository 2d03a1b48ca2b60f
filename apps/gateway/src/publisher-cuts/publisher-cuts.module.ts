import { Module } from '@nestjs/common';
import { PublisherCuts } from './publisher-cuts.ts';

@Module({ providers: [PublisherCuts], exports: [PublisherCuts] })
export class PublisherCutsModule {}
