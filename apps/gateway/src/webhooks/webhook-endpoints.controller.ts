import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Conditional } from '../etags/conditional.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import { webhookDeliveryAnswer } from './webhook-deliveries.dto.ts';
import type { WebhookDeliveryAnswer } from './webhook-deliveries.dto.ts';
import {
  createWebhookEndpointBody,
  listWebhookEndpointsQuery,
  replayAnswer,
  replayEventsBody,
  rotateWebhookSecretBody,
  updateWebhookEndpointBody,
  webhookEndpointAnswer,
  webhookEndpointPage,
  webhookEndpointParam,
  webhookEndpointWithSecret,
} from './webhook-endpoints.dto.ts';
import type {
  CreateWebhookEndpointBody,
  ListWebhookEndpointsQuery,
  ReplayAnswer,
  ReplayEventsBody,
  RotateWebhookSecretBody,
  UpdateWebhookEndpointBody,
  WebhookEndpointAnswer,
  WebhookEndpointWithSecret,
} from './webhook-endpoints.dto.ts';
import { WebhookEndpointsService } from './webhook-endpoints.service.ts';

@ApiTags('Webhooks')
@Access('tenant', 'webhooks')
@Controller('v1/webhook_endpoints')
export class WebhookEndpointsController {
  constructor(private readonly endpoints: WebhookEndpointsService) {}

  @Post()
  @Describe({
    summary: 'Create a webhook endpoint',
    description:
      'Events are posted to the endpoint as JSON, signed as specified by Standard Webhooks. The secret is shown only once. Answer 2xx ' +
      'within 15 seconds; otherwise the delivery is retried for three days. An event may arrive more than once: `webhook-id` contains its id.',
    status: 201,
    answer: webhookEndpointWithSecret,
  })
  create(
    @Caller() caller: Principal,
    @Body({ schema: createWebhookEndpointBody }) body: CreateWebhookEndpointBody,
  ): Promise<WebhookEndpointWithSecret> {
    return this.endpoints.create(caller, body);
  }

  @Get()
  @Describe({ summary: 'List webhook endpoints, without their secrets', answer: webhookEndpointPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listWebhookEndpointsQuery }) query: ListWebhookEndpointsQuery,
  ): Promise<Page<WebhookEndpointAnswer>> {
    return this.endpoints.list(caller, query);
  }

  @Get(':webhook_endpoint_id')
  @Describe({ summary: 'Get a webhook endpoint, without its secret', answer: webhookEndpointAnswer })
  read(
    @Caller() caller: Principal,
    @Param('webhook_endpoint_id', { schema: webhookEndpointParam }) id: string,
  ): Promise<WebhookEndpointAnswer> {
    return this.endpoints.read(caller, id);
  }

  @Patch(':webhook_endpoint_id')
  @Conditional()
  @Describe({
    summary: 'Update a webhook endpoint',
    description: '`{"enabled": true}` also re-enables an endpoint that was disabled because of failures.',
    answer: webhookEndpointAnswer,
  })
  update(
    @Caller() caller: Principal,
    @Param('webhook_endpoint_id', { schema: webhookEndpointParam }) id: string,
    @Body({ schema: updateWebhookEndpointBody }) body: UpdateWebhookEndpointBody,
  ): Promise<WebhookEndpointAnswer> {
    return this.endpoints.update(caller, id, body);
  }

  @Delete(':webhook_endpoint_id')
  @Conditional()
  @Describe({
    summary: 'Delete a webhook endpoint',
    description: 'Also deletes all its deliveries, including pending ones.',
  })
  remove(
    @Caller() caller: Principal,
    @Param('webhook_endpoint_id', { schema: webhookEndpointParam }) id: string,
  ): Promise<void> {
    return this.endpoints.remove(caller, id);
  }

  @Post(':webhook_endpoint_id/rotate_secret')
  @Describe({
    summary: "Rotate an endpoint's secret",
    description: 'Until the grace period ends, deliveries are signed with both the old and the new secret.',
    answer: webhookEndpointWithSecret,
  })
  rotateSecret(
    @Caller() caller: Principal,
    @Param('webhook_endpoint_id', { schema: webhookEndpointParam }) id: string,
    @Body({ schema: rotateWebhookSecretBody }) { grace_seconds }: RotateWebhookSecretBody,
  ): Promise<WebhookEndpointWithSecret> {
    return this.endpoints.rotateSecret(caller, id, grace_seconds);
  }

  @Post(':webhook_endpoint_id/test')
  @Describe({
    summary: 'Send a test event',
    description: 'Sends an event of type `webhook_endpoint.test` to this endpoint only.',
    answer: webhookDeliveryAnswer,
  })
  test(
    @Caller() caller: Principal,
    @Param('webhook_endpoint_id', { schema: webhookEndpointParam }) id: string,
  ): Promise<WebhookDeliveryAnswer> {
    return this.endpoints.test(caller, id);
  }

  @Post(':webhook_endpoint_id/replay')
  @Describe({
    summary: 'Replay events',
    description:
      'Delivers the events of a time range again: only of types that the endpoint receives, and at most 10,000 events.',
    answer: replayAnswer,
  })
  replay(
    @Caller() caller: Principal,
    @Param('webhook_endpoint_id', { schema: webhookEndpointParam }) id: string,
    @Body({ schema: replayEventsBody }) body: ReplayEventsBody,
  ): Promise<ReplayAnswer> {
    return this.endpoints.replay(caller, id, body);
  }
}
