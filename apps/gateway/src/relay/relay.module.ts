import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { SigningKeysModule } from '../signing-keys/signing-keys.module.ts';
import { IceIssuer } from './ice-issuer.ts';
import { IceServersController } from './ice-servers.controller.ts';
import { IceServersService } from './ice-servers.service.ts';
import { RelayAuthorizer } from './relay-authorizer.ts';
import { RelayControlController } from './relay-control.controller.ts';
import { RelayCredentials } from './relay-credentials.ts';

@Module({
  imports: [DatabaseModule, KnownModule, SigningKeysModule],
  controllers: [IceServersController, RelayControlController],
  providers: [IceServersService, IceIssuer, RelayAuthorizer, RelayCredentials],
  exports: [IceIssuer, RelayCredentials],
})
export class RelayModule {}
