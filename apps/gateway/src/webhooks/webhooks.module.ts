import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.ts';
import { PEPPER } from '../auth/pepper.ts';
import { DatabaseModule } from '../database/database.module.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { WebhookDeliveriesController } from './webhook-deliveries.controller.ts';
import { WebhookDeliveriesService } from './webhook-deliveries.service.ts';
import { WebhookAttemptEntity, WebhookDeliveryEntity } from './webhook-delivery.entity.ts';
import { WebhookDispatcher } from './webhook-dispatcher.ts';
import { WebhookEndpointEntity } from './webhook-endpoint.entity.ts';
import { WebhookEndpointsController } from './webhook-endpoints.controller.ts';
import { WebhookEndpointsService } from './webhook-endpoints.service.ts';
import { WebhookSecrets } from './webhook-secrets.ts';
import { WebhooksOfTenant } from './webhooks-of-tenant.ts';

@Module({
  imports: [
    AuthModule,
    TenantsModule,
    DatabaseModule.withEntities(WebhookEndpointEntity, WebhookDeliveryEntity, WebhookAttemptEntity),
  ],
  controllers: [WebhookEndpointsController, WebhookDeliveriesController],
  providers: [
    WebhookEndpointsService,
    WebhookDeliveriesService,
    WebhookDispatcher,
    DeliveryQueue,
    WebhooksOfTenant,
    { provide: WebhookSecrets, inject: [PEPPER], useFactory: (pepper: string) => new WebhookSecrets(pepper) },
  ],
  exports: [WebhookSecrets],
})
export class WebhooksModule {}
