import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  apiKeyAnswer,
  apiKeyPage,
  apiKeyParam,
  apiKeyWithSecret,
  createApiKeyBody,
  listApiKeysQuery,
  rotateApiKeyBody,
  updateApiKeyBody,
} from './api-keys.dto.ts';
import type {
  ApiKeyAnswer,
  ApiKeyWithSecret,
  CreateApiKeyBody,
  ListApiKeysQuery,
  RotateApiKeyBody,
  UpdateApiKeyBody,
} from './api-keys.dto.ts';
import { ApiKeysService } from './api-keys.service.ts';

@ApiTags('API keys')
@Controller('v1/api_keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  @Access('operator')
  @Describe({ summary: 'Create an API key for a tenant', status: 201, answer: apiKeyWithSecret })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createApiKeyBody }) body: CreateApiKeyBody,
  ): Promise<ApiKeyWithSecret> {
    return this.keys.create(caller, body);
  }

  @Get()
  @Access('tenant', 'api_keys')
  @Describe({ summary: 'List API keys', description: 'A tenant sees only its own keys.', answer: apiKeyPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listApiKeysQuery }) query: ListApiKeysQuery,
  ): Promise<Page<ApiKeyAnswer>> {
    return this.keys.list(caller, query);
  }

  @Get(':api_key_id')
  @Access('tenant', 'api_keys')
  @Describe({ summary: 'Get an API key, without its secret', answer: apiKeyAnswer })
  read(@Caller() caller: Principal, @Param('api_key_id', { schema: apiKeyParam }) id: string): Promise<ApiKeyAnswer> {
    return this.keys.read(caller, id);
  }

  @Patch(':api_key_id')
  @Conditional()
  @Access('tenant', 'api_keys')
  @Describe({
    summary: 'Update an API key',
    description: 'Requires the operator key. The change takes effect with the next request.',
    answer: apiKeyAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('api_key_id', { schema: apiKeyParam }) id: string,
    @Body({ schema: updateApiKeyBody }) body: UpdateApiKeyBody,
  ): Promise<ApiKeyAnswer> {
    return this.keys.update(caller, id, body);
  }

  @Post(':api_key_id/rotate')
  @Access('tenant', 'api_keys')
  @Describe({
    summary: 'Replace an API key',
    description:
      'Requires the operator key. Creates a key with the same name, scopes and addresses; the old one works until the grace period ends.',
    status: 201,
    answer: apiKeyWithSecret,
  })
  rotate(
    @Caller() caller: Principal,
    @Param('api_key_id', { schema: apiKeyParam }) id: string,
    @Body({ schema: rotateApiKeyBody }) { grace_seconds }: RotateApiKeyBody,
  ): Promise<ApiKeyWithSecret> {
    return this.keys.rotate(caller, id, grace_seconds);
  }

  @Delete(':api_key_id')
  @Conditional()
  @Access('tenant', 'api_keys')
  @Describe({
    summary: 'Delete an API key',
    description: 'Requires the operator key. The deleted key stops working immediately.',
  })
  remove(@Caller() caller: Principal, @Param('api_key_id', { schema: apiKeyParam }) id: string): Promise<void> {
    return this.keys.remove(caller, id);
  }
}
