// How TypeORM reaches PostgreSQL: a bounded pool, a deadline for every wait.
import { DataSource } from 'typeorm';
import { deadlineClient } from './deadline-client.ts';
import { CreateTables1795000000000 } from './migrations/1795000000000-create-tables.ts';
import { CreateRooms1795600000000 } from './migrations/1795600000000-create-rooms.ts';
import { CreateSessionWarnings1796000000000 } from './migrations/1796000000000-create-session-warnings.ts';
import { SealStreamKeys1796100000000 } from './migrations/1796100000000-seal-stream-keys.ts';
import { CreateRoomBans1796200000000 } from './migrations/1796200000000-create-room-bans.ts';
import { CreateEvents1796300000000 } from './migrations/1796300000000-create-events.ts';
import { CreatePublishAuthorizers1796400000000 } from './migrations/1796400000000-create-publish-authorizers.ts';
import { RestrictApiKeys1796500000000 } from './migrations/1796500000000-restrict-api-keys.ts';
import { SignPlayback1796600000000 } from './migrations/1796600000000-sign-playback.ts';
import { CreateUsage1796700000000 } from './migrations/1796700000000-create-usage.ts';
import { CreateQuotas1796710000000 } from './migrations/1796710000000-create-quotas.ts';
import { CreateAuditEvents1796800000000 } from './migrations/1796800000000-create-audit-events.ts';
import { StampApiKeys1796810000000 } from './migrations/1796810000000-stamp-api-keys.ts';
import { CreateIdempotencyKeys1796820000000 } from './migrations/1796820000000-create-idempotency-keys.ts';
import { DescribeStreams1796830000000 } from './migrations/1796830000000-describe-streams.ts';
import { CreateUsers1796900000000 } from './migrations/1796900000000-create-users.ts';
import { CreateSessionHealth1797000000000 } from './migrations/1797000000000-create-session-health.ts';
import { IndexDueDeliveries1797010000000 } from './migrations/1797010000000-index-due-deliveries.ts';
import { EncryptStreams1797020000000 } from './migrations/1797020000000-encrypt-streams.ts';
import { RequireSignedPlayback1797020010000 } from './migrations/1797020010000-require-signed-playback.ts';
import { LimitViewers1797020020000 } from './migrations/1797020020000-limit-viewers.ts';
import { MeasureQuotas1797030000000 } from './migrations/1797030000000-measure-quotas.ts';
import { CreateEventClock1797040000000 } from './migrations/1797040000000-create-event-clock.ts';
import { RecordStreamErrors1797050000000 } from './migrations/1797050000000-record-stream-errors.ts';
import { KeepDeletedTenants1797050100000 } from './migrations/1797050100000-keep-deleted-tenants.ts';
import { IndexExpiringKeys1797050200000 } from './migrations/1797050200000-index-expiring-keys.ts';
import { IndexWholeAddresses1797060000000 } from './migrations/1797060000000-index-whole-addresses.ts';
import { LogInByOidc1797060010000 } from './migrations/1797060010000-log-in-by-oidc.ts';
import { AddLowLatency1797070000000 } from './migrations/1797070000000-add-low-latency.ts';
import { LimitMultitrack1797110000000 } from './migrations/1797110000000-limit-multitrack.ts';
import { CreateSimulcastTargets1798130000000 } from './migrations/1798130000000-create-simulcast-targets.ts';
import { SealSrtPassphrases1798050000000 } from './migrations/1798050000000-seal-srt-passphrases.ts';
import { CreateIngestSources1798140000000 } from './migrations/1798140000000-create-ingest-sources.ts';
import { PullOnDemand1798210000000 } from './migrations/1798210000000-pull-on-demand.ts';
import { TellBackupEncoders1798150000000 } from './migrations/1798150000000-tell-backup-encoders.ts';
import { NameAudioTracks1798200000010 } from './migrations/1798200000010-name-audio-tracks.ts';

/** In the order of their making. */
export const MIGRATIONS = [
  CreateTables1795000000000,
  CreateRooms1795600000000,
  CreateSessionWarnings1796000000000,
  SealStreamKeys1796100000000,
  CreateRoomBans1796200000000,
  CreateEvents1796300000000,
  CreatePublishAuthorizers1796400000000,
  RestrictApiKeys1796500000000,
  SignPlayback1796600000000,
  CreateUsage1796700000000,
  CreateQuotas1796710000000,
  CreateAuditEvents1796800000000,
  StampApiKeys1796810000000,
  CreateIdempotencyKeys1796820000000,
  DescribeStreams1796830000000,
  CreateUsers1796900000000,
  CreateSessionHealth1797000000000,
  IndexDueDeliveries1797010000000,
  EncryptStreams1797020000000,
  RequireSignedPlayback1797020010000,
  LimitViewers1797020020000,
  MeasureQuotas1797030000000,
  CreateEventClock1797040000000,
  RecordStreamErrors1797050000000,
  KeepDeletedTenants1797050100000,
  IndexExpiringKeys1797050200000,
  IndexWholeAddresses1797060000000,
  LogInByOidc1797060010000,
  AddLowLatency1797070000000,
  LimitMultitrack1797110000000,
  SealSrtPassphrases1798050000000,
  CreateSimulcastTargets1798130000000,
  CreateIngestSources1798140000000,
  TellBackupEncoders1798150000000,
  NameAudioTracks1798200000010,
  PullOnDemand1798210000000,
];

/** The class of a table's rows. */
export type EntityClass = new () => object;

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

/** A data source that is not connected yet. Migrations need no entities. */
export function newDataSource(limits: DataSourceLimits, entities: readonly EntityClass[] = []): DataSource {
  return new DataSource({
    type: 'postgres',
    url: limits.url,
    applicationName: 'millrace-gateway',
    entities: [...entities],
    migrations: MIGRATIONS,
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolErrorHandler: limits.onPoolError,
    extra: {
      max: limits.maxConnections,
      // Connecting costs both sides more than all that an idle gateway asks in a minute.
      min: 1,
      Client: deadlineClient({
        connectMs: limits.connectTimeoutMs,
        queryMs: limits.queryTimeoutMs && limits.queryTimeoutMs + DRIVER_EXTRA_MS,
      }),
      keepAlive: true,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
      ...(limits.queryTimeoutMs !== undefined && { statement_timeout: limits.queryTimeoutMs }),
    },
  });
}
