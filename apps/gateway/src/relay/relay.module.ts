import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { SigningKeysModule } from '../signing-keys/signing-keys.module.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { IceIssuer } from './ice-issuer.ts';
import { IceServersController } from './ice-servers.controller.ts';
import { IceServersService } from './ice-servers.service.ts';
import { RelayAuthorizer } from './relay-authorizer.ts';
import { RelayControlController } from './relay-control.controller.ts';
import { RelayCredentialEntity } from './relay-credential.entity.ts';
import { RelayCredentials } from './relay-credentials.ts';
import { RelayOfTenant } from './relay-of-tenant.ts';
import { RevocationFactReader } from './revocation-fact-reader.ts';

@Module({
  imports: [DatabaseModule.withEntities(RelayCredentialEntity), KnownModule, SigningKeysModule, TenantsModule],
  controllers: [IceServersController, RelayControlController],
  providers: [IceServersService, IceIssuer, RelayAuthorizer, RelayCredentials, RelayOfTenant, RevocationFactReader],
  exports: [IceIssuer, RelayCredentials],
})
export class RelayModule {}
