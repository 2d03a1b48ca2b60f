import { Module } from '@nestjs/common';
import { KnownModule } from '../known/known.module.ts';
import { SigningKeysModule } from '../signing-keys/signing-keys.module.ts';
import { JoinAuthorizer } from './join-authorizer.ts';
import { TokenRenewer } from './token-renewer.ts';

@Module({
  imports: [KnownModule, SigningKeysModule],
  providers: [JoinAuthorizer, TokenRenewer],
  exports: [JoinAuthorizer, TokenRenewer],
})
export class JoinTokensModule {}
