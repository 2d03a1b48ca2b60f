import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.ts';
import { KnownModule } from '../known/known.module.ts';
import { TenantsModule } from '../tenants/tenants.module.ts';
import { WebhooksModule } from '../webhooks/webhooks.module.ts';
import { PublishAuthorizerFactReader } from './publish-authorizer-fact-reader.ts';
import { PublishAuthorizerEntity } from './publish-authorizer.entity.ts';
import { PublishAuthorizersController } from './publish-authorizers.controller.ts';
import { PublishAuthorizersService } from './publish-authorizers.service.ts';
import { PublishPermission } from './publish-permission.ts';

@Module({
  imports: [DatabaseModule.withEntities(PublishAuthorizerEntity), KnownModule, TenantsModule, WebhooksModule],
  controllers: [PublishAuthorizersController],
  providers: [PublishAuthorizersService, PublishAuthorizerFactReader, PublishPermission],
  exports: [PublishPermission],
})
export class PublishAuthorizersModule {}
