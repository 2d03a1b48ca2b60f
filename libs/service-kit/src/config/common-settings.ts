// Settings that several services share: one name, one meaning, one default.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { bytes, flag, list, milliseconds, port, text, url, urls, wholeNumber } from './setting-schemas.ts';
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

/** Of whoever asks the database, with an address of its own or not. */
export const databasePassword: PasswordOfAddress = {
  variable: 'MILLRACE_DATABASE_PASSWORD',
  description: 'Password of the user that MILLRACE_DATABASE_URL names, where it is not in there.',
  needsUser: true,
};

/** App names of RTMP, as they are in an address. */
const appNames = list.refine(
  (names) => names.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name)),
  'must be names of letters, digits, _ and -, separated by commas',
);

export const commonSettings = {
  rtmpLoginApps: setting(
    'MILLRACE_RTMP_LOGIN_APPS',
    appNames,
    ['login'],
    'RTMP apps on which an encoder is asked for user and password (authmod=adobe) as soon as it connects; none when empty.',
  ),
  natsUrl: setting(
    'MILLRACE_NATS_URL',
    urls('nats', 'tls'),
    'nats://127.0.0.1:4222',
    'Address of the NATS server; of several, separated by commas.',
    {
      secret: true,
      password: {
        variable: 'MILLRACE_NATS_PASSWORD',
        description: 'Password of the user that MILLRACE_NATS_URL names, where it is not in there.',
        needsUser: true,
      },
    },
  ),
  natsShards: setting(
    'MILLRACE_NATS_SHARDS',
    wholeNumber(1, 64),
    1,
    'How many JetStream streams frames are spread over, each with a core of NATS. The same in every service.',
  ),
  natsFramesMaxBytes: setting(
    'MILLRACE_NATS_FRAMES_MAX_BYTES',
    bytes(16 * 1024 * 1024),
    512 * 1024 * 1024,
    'Most memory that each of them takes in NATS; the oldest frames go first. The same in every service.',
  ),
  natsReplicas: setting(
    'MILLRACE_NATS_REPLICAS',
    wholeNumber(1, 5),
    1,
    'How many servers of a NATS cluster keep frames and commit marks; 1 outside of a cluster. The same in every service.',
  ),
  redisUrl: setting(
    'MILLRACE_REDIS_URL',
    url('redis', 'rediss'),
    'redis://127.0.0.1:6379',
    'Address of the Redis server.',
    {
      secret: true,
      password: {
        variable: 'MILLRACE_REDIS_PASSWORD',
        description: 'Password for MILLRACE_REDIS_URL, where it is not in there.',
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
    'Least level that is logged: trace, debug, info, warn, error, fatal or silent.',
  ),
  logPretty: setting(
    'MILLRACE_LOG_PRETTY',
    flag,
    () => process.stdout.isTTY === true,
    'Whether logs are written for people rather than as JSON; when not set, they are where standard output is a terminal.',
  ),
  metricsHost: setting(
    'MILLRACE_METRICS_HOST',
    text,
    '127.0.0.1',
    'Address on which /healthz, /readyz and /metrics listen; 0.0.0.0 or :: to be asked from other machines.',
  ),
  metricsPort: setting('MILLRACE_METRICS_PORT', port, 9464, 'Port of /healthz, /readyz and /metrics.'),
  metricsTenantLimit: setting(
    'MILLRACE_METRICS_TENANT_LIMIT',
    wholeNumber(0, 10_000),
    200,
    'How many tenants get a label of their own in the usage metrics of one process; the rest are counted together.',
  ),
  dataDir: setting('MILLRACE_DATA_DIR', text, './data', 'Folder for what must survive a restart.'),
  instanceId: setting(
    'MILLRACE_INSTANCE_ID',
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -'),
    newInstanceId,
    'Name of this process, different from every other one; made at start when not set.',
  ),
  stopGraceMs: setting(
    'MILLRACE_STOP_GRACE_MS',
    milliseconds(),
    10_000,
    'How long what comes after the drain of a stop by SIGTERM may take before the process ends anyway, in milliseconds.',
  ),
  drainReadinessLagMs: setting(
    'MILLRACE_DRAIN_READINESS_LAG_MS',
    milliseconds(),
    0,
    'How long the door of a stopping service stays open after readiness has gone, so that load balancers notice, in milliseconds.',
  ),
  adminDrain: setting(
    'MILLRACE_ADMIN_DRAIN',
    flag,
    false,
    'Whether POST /drain beside /metrics is obeyed when it comes from another machine; from this one it always is.',
  ),
  podDeletionCost: setting(
    'MILLRACE_POD_DELETION_COST',
    flag,
    false,
    'Whether a service tells Kubernetes what it carries, in an annotation of its own pod, so that scaling in takes the emptiest one.',
  ),
  podName: setting('MILLRACE_POD_NAME', dnsName.optional(), undefined, 'Name of the pod that this process runs in.'),
  podNamespace: setting('MILLRACE_POD_NAMESPACE', dnsName.optional(), undefined, 'Namespace of that pod.'),
  kubernetesHost: setting(
    'KUBERNETES_SERVICE_HOST',
    text.optional(),
    undefined,
    'Address of the API server of Kubernetes, which sets this itself.',
  ),
  kubernetesPort: setting('KUBERNETES_SERVICE_PORT', port, 443, 'Port of the API server likewise.'),
};
