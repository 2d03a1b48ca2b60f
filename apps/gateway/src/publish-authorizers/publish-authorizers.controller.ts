import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import { tenantParam } from '../tenants/tenants.dto.ts';
import {
  publishAuthorizerAnswer,
  publishAuthorizerTest,
  publishAuthorizerWithSecret,
  rotateAuthorizerSecretBody,
  setPublishAuthorizerBody,
  testPublishAuthorizerBody,
} from './publish-authorizers.dto.ts';
import type {
  PublishAuthorizerAnswer,
  PublishAuthorizerTest,
  PublishAuthorizerWithSecret,
  RotateAuthorizerSecretBody,
  SetPublishAuthorizerBody,
  TestPublishAuthorizerBody,
} from './publish-authorizers.dto.ts';
import { PublishAuthorizersService } from './publish-authorizers.service.ts';

@ApiTags('Publish authorizer')
@Access('tenant', 'publish_authorizer')
@Controller('v1/tenants/:tenant_id/publish_authorizer')
export class PublishAuthorizersController {
  constructor(private readonly authorizers: PublishAuthorizersService) {}

  @Conditional()
  @Put()
  @Describe({
    summary: "Set a tenant's publish authorizer",
    description:
      'Whenever an encoder with a valid key wants to publish, the endpoint is asked. It gets a POST with JSON, signed as specified by ' +
      'Standard Webhooks; 2xx permits, 401 or 403 refuses, anything else is no decision. Changing the URL keeps the secret.',
    answer: publishAuthorizerWithSecret,
  })
  set(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: tenantParam }) tenantId: string,
    @Body({ schema: setPublishAuthorizerBody }) body: SetPublishAuthorizerBody,
  ): Promise<PublishAuthorizerWithSecret> {
    return this.authorizers.set(caller, tenantId, body);
  }

  @Get()
  @Describe({ summary: "Get a tenant's publish authorizer, without its secret", answer: publishAuthorizerAnswer })
  read(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: tenantParam }) tenantId: string,
  ): Promise<PublishAuthorizerAnswer> {
    return this.authorizers.read(caller, tenantId);
  }

  @Conditional()
  @Delete()
  @Describe({ summary: "Remove a tenant's publish authorizer", description: 'Valid keys may publish from then on.' })
  remove(@Caller() caller: Principal, @Param('tenant_id', { schema: tenantParam }) tenantId: string): Promise<void> {
    return this.authorizers.remove(caller, tenantId);
  }

  @Post('test')
  @Describe({
    summary: "Test a tenant's publish authorizer",
    description:
      'Asks the endpoint as for an encoder, with `"test": true` in the request, and answers with what it decided, how long that took and ' +
      'what went wrong. No encoder is affected.',
    answer: publishAuthorizerTest,
  })
  test(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: tenantParam }) tenantId: string,
    @Body({ schema: testPublishAuthorizerBody }) body: TestPublishAuthorizerBody,
  ): Promise<PublishAuthorizerTest> {
    return this.authorizers.test(caller, tenantId, body.live_stream_id);
  }

  @Post('rotate_secret')
  @Describe({
    summary: "Rotate a publish authorizer's secret",
    description: 'Until the grace period ends, requests are signed with both the old and the new secret.',
    answer: publishAuthorizerWithSecret,
  })
  rotateSecret(
    @Caller() caller: Principal,
    @Param('tenant_id', { schema: tenantParam }) tenantId: string,
    @Body({ schema: rotateAuthorizerSecretBody }) { grace_seconds }: RotateAuthorizerSecretBody,
  ): Promise<PublishAuthorizerWithSecret> {
    return this.authorizers.rotateSecret(caller, tenantId, grace_seconds);
  }
}
