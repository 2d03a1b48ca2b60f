// Settings that several services share: one name, one meaning, one default.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import {
  addressRanges,
  bytes,
  flag,
  list,
  milliseconds,
  port,
  text,
  url,
  urls,
  wholeNumber,
} from './setting-schemas.ts';
import { setting } from './setting.ts';
import type { PasswordOfAddress } from './setting.ts';

const HOST_PART_LENGTH = 32;

/** A name as Kubernetes has them. */
const dnsName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be a name of Kubernetes: a-z, 0-9, - and .');

/** A name that no other process has: `web-1-5f3a9c`. Safe in subjects, keys and logs. */
function newInstanceId(): string {
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, HOST_PART_LENGTH);
  return `${host || 'host'}-${randomBytes(3).toString('hex')}`;
}

/** Of the services that use the database, with an address of their own or not. */
export const databasePassword: PasswordOfAddress = {
  variable: 'MILLRACE_DATABASE_PASSWORD',
  description: 'Password of the user in MILLRACE_DATABASE_URL, if the URL does not contain it.',
  needsUser: true,
};

/** App names of RTMP, as they are in an address. */
const appNames = list.refine(
  (names) => names.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name)),
  'must be names of letters, digits, _ and -, separated by commas',
);

export const commonSettings = {
  tlsReloadMs: setting(
    'MILLRACE_TLS_RELOAD_MS',
    milliseconds(1),
    10_000,
    'How often the certificate and key files are checked for changes, in milliseconds.',
  ),
  rtmpLoginApps: setting(
    'MILLRACE_RTMP_LOGIN_APPS',
    appNames,
    ['login'],
    'RTMP apps on which an encoder is asked for a user name and password (authmod=adobe) as soon as it connects; empty: none.',
  ),
  natsUrl: setting(
    'MILLRACE_NATS_URL',
    urls('nats', 'tls'),
    'nats://127.0.0.1:4222',
    'URL of the NATS server, or several URLs separated by commas.',
    {
      secret: true,
      password: {
        variable: 'MILLRACE_NATS_PASSWORD',
        description: 'Password of the user in MILLRACE_NATS_URL, if the URL does not contain it.',
        needsUser: true,
      },
    },
  ),
  natsShards: setting(
    'MILLRACE_NATS_SHARDS',
    wholeNumber(1, 64),
    1,
    'Number of JetStream streams that frames are spread over, each using one core of NATS. The same in every service.',
  ),
  natsFramesMaxBytes: setting(
    'MILLRACE_NATS_FRAMES_MAX_BYTES',
    bytes(16 * 1024 * 1024),
    512 * 1024 * 1024,
    'Largest size of each such stream in the memory of NATS, in bytes; beyond that the oldest frames are dropped. The same in every service.',
  ),
  natsReplicas: setting(
    'MILLRACE_NATS_REPLICAS',
    wholeNumber(1, 5),
    1,
    'How many servers of a NATS cluster keep frames and commit marks; 1 without a cluster. The same in every service.',
  ),
  redisUrl: setting(
    'MILLRACE_REDIS_URL',
    url('redis', 'rediss'),
    'redis://127.0.0.1:6379',
    'URL of the Redis server.',
    {
      secret: true,
      password: {
        variable: 'MILLRACE_REDIS_PASSWORD',
        description: 'Password for MILLRACE_REDIS_URL, if the URL does not contain it.',
        needsUser: false,
      },
    },
  ),
  databaseUrl: setting(
    'MILLRACE_DATABASE_URL',
    url('postgres', 'postgresql'),
    'postgres://millrace@127.0.0.1:5432/millrace',
    'Address of the PostgreSQL database.',
    { secret: true, password: databasePassword },
  ),
  logLevel: setting(
    'MILLRACE_LOG_LEVEL',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
    'Lowest level that is logged: trace, debug, info, warn, error, fatal or silent.',
  ),
  logPretty: setting(
    'MILLRACE_LOG_PRETTY',
    flag,
    () => process.stdout.isTTY === true,
    'Whether logs are formatted for reading rather than as JSON; when not set, they are if standard output is a terminal.',
  ),
  metricsHost: setting(
    'MILLRACE_METRICS_HOST',
    text,
    '127.0.0.1',
    'Address on which /healthz, /readyz and /metrics listen; use 0.0.0.0 or :: to be reachable from other machines.',
  ),
  metricsPort: setting('MILLRACE_METRICS_PORT', port, 9464, 'Port for /healthz, /readyz and /metrics.'),
  metricsTenantLimit: setting(
    'MILLRACE_METRICS_TENANT_LIMIT',
    wholeNumber(0, 10_000),
    200,
    'How many tenants get their own label in the usage metrics of one process; the rest are counted together.',
  ),
  dataDir: setting('MILLRACE_DATA_DIR', text, './data', 'Folder for data that must survive a restart.'),
  pullAllowedAddresses: setting(
    'MILLRACE_PULL_ALLOWED_ADDRESSES',
    addressRanges,
    [],
    'Address ranges that are not public but that streams may be pulled from, separated by commas; for cameras in the local network.',
    { emptyIsNone: true },
  ),
  instanceId: setting(
    'MILLRACE_INSTANCE_ID',
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -'),
    newInstanceId,
    'Unique name of this process; generated at start-up when not set.',
  ),
  stopGraceMs: setting(
    'MILLRACE_STOP_GRACE_MS',
    milliseconds(),
    10_000,
    'How long a stop by SIGTERM may take after the drain before the process exits anyway, in milliseconds.',
  ),
  drainReadinessLagMs: setting(
    'MILLRACE_DRAIN_READINESS_LAG_MS',
    milliseconds(),
    0,
    'How long a stopping service still accepts clients after it stops being ready, so that load balancers notice, in milliseconds.',
  ),
  adminDrain: setting(
    'MILLRACE_ADMIN_DRAIN',
    flag,
    false,
    'Whether POST /drain on the port of /metrics is accepted from other machines; from this machine it always is.',
  ),
  podDeletionCost: setting(
    'MILLRACE_POD_DELETION_COST',
    flag,
    false,
    'Whether a service reports its load to Kubernetes in an annotation of its pod, so that scaling in removes the emptiest pod.',
  ),
  podName: setting('MILLRACE_POD_NAME', dnsName.optional(), undefined, 'Name of the pod in which this process runs.'),
  podNamespace: setting('MILLRACE_POD_NAMESPACE', dnsName.optional(), undefined, 'Namespace of that pod.'),
  kubernetesHost: setting(
    'KUBERNETES_SERVICE_HOST',
    text.optional(),
    undefined,
    'Address of the Kubernetes API server; set by Kubernetes.',
  ),
  kubernetesPort: setting(
    'KUBERNETES_SERVICE_PORT',
    port,
    443,
    'Port of the Kubernetes API server; set by Kubernetes.',
  ),
};
