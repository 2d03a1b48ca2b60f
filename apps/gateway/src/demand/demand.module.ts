import { Module } from '@nestjs/common';
import { StreamDemand } from './stream-demand.ts';

@Module({ providers: [StreamDemand], exports: [StreamDemand] })
export class DemandModule {}
