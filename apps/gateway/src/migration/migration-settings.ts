// What bringing the tables up to date needs to know: the gateway's own settings, and no more of them.
import { defineSettings, milliseconds, setting } from '@millrace/service-kit';
import { gatewaySettings } from '../settings.ts';

const { databaseUrl } = gatewaySettings.definitions;

/** Longer than that of a gateway: no client waits for an answer, and the database may just have been started. */
const CONNECT_TIMEOUT_MS = 10_000;

export const migrationSettings = defineSettings({
  databaseUrl,
  databaseConnectTimeoutMs: setting(
    'MILLRACE_DATABASE_CONNECT_TIMEOUT_MS',
    milliseconds(1),
    CONNECT_TIMEOUT_MS,
    'How long to wait for a connection to PostgreSQL, in milliseconds.',
  ),
});
