import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { Keyring } from './keyring.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { SigningKeyFactReader } from './signing-key-fact-reader.ts';
import { SigningKeyEntity } from './signing-key.entity.ts';
import { SigningKeysController } from './signing-keys.controller.ts';
import { SigningKeysService } from './signing-keys.service.ts';

@Module({
  imports: [AuthModule, DatabaseModule.withEntities(SigningKeyEntity), KnownModule, TenantsModule],
  controllers: [SigningKeysController],
  providers: [SigningKeysService, Keyring, SigningKeyFactReader],
  exports: [Keyring],
})
export class SigningKeysModule {}
