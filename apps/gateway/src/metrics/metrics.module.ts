import { Module } from '@nestjs/common';
import { StoreWatch } from './store-watch.ts';

@Module({ providers: [StoreWatch] })
export class MetricsModule {}
