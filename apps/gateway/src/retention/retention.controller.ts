import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Access } from '../auth/access.ts';
import { Describe } from '../http/describe.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';

const MS = 1_000;

const seconds = (what: string) => z.number().describe(`How long ${what}, in seconds.`);

const retentionAnswer = z
  .strictObject({
    events_seconds: seconds('events and webhook deliveries are kept'),
    audit_events_seconds: seconds('audit events are kept'),
    sessions_seconds: seconds('sessions are kept after their end'),
    session_health_seconds: seconds('the health series of sessions are kept'),
    rooms_seconds: seconds('rooms are kept after their end'),
    deleted_tenants_seconds: seconds('the data of a deleted tenant is kept'),
    usage_seconds: seconds('usage is kept'),
    client_addresses_seconds: seconds(
      'the addresses of encoders and of callers of the API are kept whole; then only their networks',
    ),
  })
  .meta({ id: 'Retention' });

@ApiTags('Service')
@Access('tenant', 'tenant')
@Controller('v1/retention')
export class RetentionController {
  constructor(@Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings) {}

  @Get()
  @Describe({ summary: 'Get how long the server keeps what', answer: retentionAnswer })
  read(): z.infer<typeof retentionAnswer> {
    const { settings } = this;
    return {
      events_seconds: settings.eventRetentionMs / MS,
      audit_events_seconds: settings.auditRetentionMs / MS,
      sessions_seconds: settings.sessionRetentionMs / MS,
      session_health_seconds: settings.sessionHealthRetentionMs / MS,
      rooms_seconds: settings.roomRetentionMs / MS,
      deleted_tenants_seconds: settings.deletedTenantRetentionMs / MS,
      usage_seconds: settings.usageRetentionMs / MS,
      client_addresses_seconds: settings.clientAddressRetentionMs / MS,
    };
  }
}
