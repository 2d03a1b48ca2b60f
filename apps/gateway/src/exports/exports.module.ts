import { Module } from '@nestjs/common';
import { Exports } from './exports.ts';

@Module({ providers: [Exports], exports: [Exports] })
export class ExportsModule {}
