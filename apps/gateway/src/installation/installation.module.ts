import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { Installation } from './installation.ts';

@Module({ imports: [AuthModule, DatabaseModule], providers: [Installation], exports: [Installation] })
export class InstallationModule {}
