import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  createSigningKeyBody,
  listSigningKeysQuery,
  signingKeyAnswer,
  signingKeyPage,
  signingKeyParam,
  signingKeyWithSecret,
} from './signing-keys.dto.ts';
import type {
  CreateSigningKeyBody,
  ListSigningKeysQuery,
  SigningKeyAnswer,
  SigningKeyWithSecret,
} from './signing-keys.dto.ts';
import { SigningKeysService } from './signing-keys.service.ts';

@ApiTags('Signing keys')
@Access('tenant', 'signing_keys')
@Controller('v1/signing_keys')
export class SigningKeysController {
  constructor(private readonly keys: SigningKeysService) {}

  @Post()
  @Describe({
    summary: 'Create a signing key',
    description:
      'With it a tenant makes join tokens and relay credentials itself. The secret is shown only once. ' +
      'To rotate, create a new key, use it, then revoke the old one: both are valid in between.',
    status: 201,
    answer: signingKeyWithSecret,
  })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createSigningKeyBody }) body: CreateSigningKeyBody,
  ): Promise<SigningKeyWithSecret> {
    return this.keys.create(caller, body);
  }

  @Get()
  @Describe({ summary: 'List signing keys, without their secrets', answer: signingKeyPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listSigningKeysQuery }) query: ListSigningKeysQuery,
  ): Promise<Page<SigningKeyAnswer>> {
    return this.keys.list(caller, query);
  }

  @Get(':signing_key_id')
  @Describe({ summary: 'Get a signing key, without its secret', answer: signingKeyAnswer })
  read(
    @Caller() caller: Principal,
    @Param('signing_key_id', { schema: signingKeyParam }) id: string,
  ): Promise<SigningKeyAnswer> {
    return this.keys.read(caller, id);
  }

  @Delete(':signing_key_id')
  @Conditional()
  @Describe({
    summary: 'Revoke a signing key',
    description:
      'Tokens and relay credentials signed with it are refused immediately. Participants already in a room stay.',
  })
  revoke(@Caller() caller: Principal, @Param('signing_key_id', { schema: signingKeyParam }) id: string): Promise<void> {
    return this.keys.revoke(caller, id);
  }
}
