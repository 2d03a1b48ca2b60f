import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { Keyring } from './keyring.ts';
import { SigningKeysController } from './signing-keys.controller.ts';
import { SigningKeysService } from './signing-keys.service.ts';

@Module({
  imports: [AuthModule, DatabaseModule, KnownModule],
  controllers: [SigningKeysController],
  providers: [SigningKeysService, Keyring],
  exports: [Keyring],
})
export class SigningKeysModule {}
