// How TypeORM reaches PostgreSQL: a bounded pool, a deadline for every wait.
import { DataSource } from 'typeorm';
import { ApiKeyEntity } from '../api-keys/api-key.entity.ts';
import { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { SessionConnectionEntity, SessionEntity, SessionWarningEntity } from '../sessions/session.entity.ts';
import { RelayCredentialEntity } from '../relay/relay-credential.entity.ts';
import { RoomBanEntity } from '../rooms/room-ban.entity.ts';
import { RoomEntity } from '../rooms/room.entity.ts';
import { SigningKeyEntity } from '../signing-keys/signing-key.entity.ts';
import { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { EventEntity } from '../events/event.entity.ts';
import { WebhookAttemptEntity, WebhookDeliveryEntity } from '../webhooks/webhook-delivery.entity.ts';
import { WebhookEndpointEntity } from '../webhooks/webhook-endpoint.entity.ts';
import { InstallationEntity } from './installation.entity.ts';
import { CreateTables1795000000000 } from './migrations/1795000000000-create-tables.ts';
import { CreateRooms1795600000000 } from './migrations/1795600000000-create-rooms.ts';
import { CreateSessionWarnings1796000000000 } from './migrations/1796000000000-create-session-warnings.ts';
import { SealStreamKeys1796100000000 } from './migrations/1796100000000-seal-stream-keys.ts';
import { CreateRoomBans1796200000000 } from './migrations/1796200000000-create-room-bans.ts';
import { CreateEvents1796300000000 } from './migrations/1796300000000-create-events.ts';

export const ENTITIES = [
  ...[TenantEntity, ApiKeyEntity, LiveStreamEntity, StreamKeyEntity, PlaybackIdEntity],
  ...[SessionEntity, SessionConnectionEntity, SessionWarningEntity, InstallationEntity],
  ...[SigningKeyEntity, RoomEntity, RoomBanEntity, RelayCredentialEntity],
  ...[EventEntity, WebhookEndpointEntity, WebhookDeliveryEntity, WebhookAttemptEntity],
];

/** In the order of their making. */
export const MIGRATIONS = [
  ...[CreateTables1795000000000, CreateRooms1795600000000, CreateSessionWarnings1796000000000],
  SealStreamKeys1796100000000,
  CreateRoomBans1796200000000,
  CreateEvents1796300000000,
];

export interface DataSourceLimits {
  readonly url: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  /** Undefined: a query may take as long as it takes; for migrations. */
  readonly queryTimeoutMs: number | undefined;
  /** Told when an idle connection breaks. */
  readonly onPoolError: (error: unknown) => void;
}

/** The server gives a query up a little before the driver does, so that a slow query is not taken for a lost server. */
const DRIVER_EXTRA_MS = 250;
const IDLE_TRANSACTION_MS = 10_000;

/** A data source that is not connected yet. */
export function newDataSource(limits: DataSourceLimits): DataSource {
  return new DataSource({
    type: 'postgres',
    url: limits.url,
    applicationName: 'millrace-gateway',
    entities: ENTITIES,
    migrations: MIGRATIONS,
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolErrorHandler: limits.onPoolError,
    extra: {
      max: limits.maxConnections,
      connectionTimeoutMillis: limits.connectTimeoutMs,
      keepAlive: true,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
      ...(limits.queryTimeoutMs === undefined
        ? {}
        : { statement_timeout: limits.queryTimeoutMs, query_timeout: limits.queryTimeoutMs + DRIVER_EXTRA_MS }),
    },
  });
}
