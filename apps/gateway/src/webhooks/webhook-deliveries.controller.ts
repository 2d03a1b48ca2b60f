import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.ts';
import { Caller } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Describe } from '../http/describe.ts';
import type { Page } from '../http/pages.ts';
import {
  listWebhookDeliveriesQuery,
  webhookDeliveryAnswer,
  webhookDeliveryDetails,
  webhookDeliveryPage,
  webhookDeliveryParam,
} from './webhook-deliveries.dto.ts';
import type {
  ListWebhookDeliveriesQuery,
  WebhookDeliveryAnswer,
  WebhookDeliveryDetails,
} from './webhook-deliveries.dto.ts';
import { WebhookDeliveriesService } from './webhook-deliveries.service.ts';

@ApiTags('Webhooks')
@Access('tenant', 'webhooks')
@Controller('v1/webhook_deliveries')
export class WebhookDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveriesService) {}

  @Get()
  @Describe({ summary: 'List webhook deliveries', answer: webhookDeliveryPage })
  list(
    @Caller() caller: Principal,
    @Query({ schema: listWebhookDeliveriesQuery }) query: ListWebhookDeliveriesQuery,
  ): Promise<Page<WebhookDeliveryAnswer>> {
    return this.deliveries.list(caller, query);
  }

  @Get(':webhook_delivery_id')
  @Describe({
    summary: 'Get a webhook delivery',
    description: 'Includes the event and all attempts, each with its time, address and response.',
    answer: webhookDeliveryDetails,
  })
  read(
    @Caller() caller: Principal,
    @Param('webhook_delivery_id', { schema: webhookDeliveryParam }) id: string,
  ): Promise<WebhookDeliveryDetails> {
    return this.deliveries.read(caller, id);
  }

  @Post(':webhook_delivery_id/redeliver')
  @Describe({
    summary: 'Redeliver an event',
    description: 'Creates a new delivery of the same event to the same endpoint.',
    status: 201,
    answer: webhookDeliveryAnswer,
  })
  redeliver(
    @Caller() caller: Principal,
    @Param('webhook_delivery_id', { schema: webhookDeliveryParam }) id: string,
  ): Promise<WebhookDeliveryAnswer> {
    return this.deliveries.redeliver(caller, id);
  }
}
