import { Module } from '@nestjs/common';
import { KnownModule } from '../known/known.module.ts';
import { SigningKeysModule } from '../signing-keys/signing-keys.module.ts';
import { JoinAuthorizer } from './join-authorizer.ts';

@Module({ imports: [KnownModule, SigningKeysModule], providers: [JoinAuthorizer], exports: [JoinAuthorizer] })
export class JoinTokensModule {}
