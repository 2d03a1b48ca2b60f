// NATS, Redis and PostgreSQL as the services of this machine are told to reach them.
import { isAtLeast, MINIMUM_NATS_VERSION } from '@millrace/frame-bus';
import { commonSettings, ConfigError, defineSettings } from '@millrace/service-kit';
import { explainFailure } from '../api/unreachable.ts';
import { CHECK_TIMEOUT_MS, fail, inTime, ok, warn } from './check.ts';
import type { CheckResult } from './check.ts';

const MINIMUM_REDIS_VERSION = '7.0';
/** As PostgreSQL numbers them: 13. */
const MINIMUM_POSTGRESQL = 130_000;
const TOLERATED_SKEW_MS = 10_000;

type Environment = Readonly<Record<string, string | undefined>>;

interface DependencyCheck {
  readonly name: string;
  readonly setting: 'natsUrl' | 'redisUrl' | 'databaseUrl';
  readonly look: (url: string) => Promise<CheckResult>;
}

const CHECKS: readonly DependencyCheck[] = [
  { name: 'NATS', setting: 'natsUrl', look: lookAtNats },
  { name: 'Redis', setting: 'redisUrl', look: lookAtRedis },
  { name: 'PostgreSQL', setting: 'databaseUrl', look: lookAtPostgresql },
];

/** Those whose addresses the environment names; a single process has none of them outside. */
export function dependencyChecks(environment: Environment): Promise<CheckResult>[] {
  return CHECKS.flatMap(({ name, setting, look }) => {
    const definition = commonSettings[setting];
    const { variable } = definition;
    if (!environment[variable] && !environment[`${variable}_FILE`]) return [];
    return [
      looked(name, variable, environment, () => look(defineSettings({ url: definition }).parse(environment).url)),
    ];
  });
}

async function looked(
  name: string,
  variable: string,
  environment: Environment,
  look: () => Promise<CheckResult>,
): Promise<CheckResult> {
  try {
    return await inTime(look());
  } catch (error) {
    if (error instanceof ConfigError) return fail(name, error.message, `Correct ${variable}.`);
    const { what, advice } = explainFailure(error);
    const text =
      error instanceof Error && /auth|password|WRONGPASS|NOAUTH/i.test(error.message) ? `: ${error.message}` : '';
    return fail(
      name,
      `${hostsOf(environment[variable])}: ${text === '' ? what : `the user or password is refused${text}`}`,
      text === ''
        ? `${advice} The address is in ${variable}.`
        : `Correct ${variable}, or its password in ${variable.replace('_URL', '_PASSWORD')}.`,
    );
  }
}

/** Addresses without what may be a password in them. */
const hostsOf = (urls = ''): string =>
  urls
    .split(',')
    .map((url) => (URL.canParse(url.trim()) ? new URL(url.trim()).host : 'the address'))
    .join(', ');

async function lookAtNats(url: string): Promise<CheckResult> {
  const { connect } = await import('@nats-io/transport-node');
  const addresses = url.split(',').map((text) => new URL(text.trim()));
  const [user, pass] = [addresses[0]?.username ?? '', addresses[0]?.password ?? ''].map(decodeURIComponent);
  const connection = await connect({
    servers: addresses.map(({ host }) => host),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
    ...(addresses.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    name: 'millrace doctor',
    timeout: CHECK_TIMEOUT_MS,
    reconnect: false,
  });
  try {
    const rttMs = await connection.rtt();
    const { version = '0', jetstream = false } = connection.info ?? {};
    const found = `version ${version} answers in ${rttMs.toFixed(0)} ms`;
    if (!isAtLeast(version, MINIMUM_NATS_VERSION))
      return fail('NATS', found, `Install NATS ${MINIMUM_NATS_VERSION} or later.`);
    if (!jetstream)
      return fail('NATS', `${found}, without JetStream`, 'Start nats-server with JetStream: --jetstream.');
    return ok('NATS', `${found}, with JetStream`);
  } finally {
    await connection.close();
  }
}

async function lookAtRedis(url: string): Promise<CheckResult> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CHECK_TIMEOUT_MS,
    commandTimeout: CHECK_TIMEOUT_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  let cause: Error | undefined;
  redis.on('error', (error: Error) => (cause ??= error));
  try {
    await redis.connect().catch((error: unknown) => {
      throw cause ?? error;
    });
    const startedAt = performance.now();
    await redis.ping();
    const took = `answers in ${(performance.now() - startedAt).toFixed(0)} ms`;
    const info = await redis.info().catch(() => undefined);
    if (info === undefined) return ok('Redis', `${took}; its user may not ask for more`);
    const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? '0';
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
    const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
    const found = `version ${version} ${took}`;
    if (!isAtLeast(version, MINIMUM_REDIS_VERSION))
      return fail('Redis', found, `Install Redis ${MINIMUM_REDIS_VERSION} or later.`);
    if (limit > 0 && policy !== 'noeviction')
      return fail(
        'Redis',
        `${found}, but evicts keys (${policy})`,
        'Set maxmemory-policy to noeviction: else segments that playlists list disappear.',
      );
    return ok('Redis', found);
  } finally {
    redis.disconnect();
  }
}

async function lookAtPostgresql(url: string): Promise<CheckResult> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CHECK_TIMEOUT_MS,
    query_timeout: CHECK_TIMEOUT_MS,
    application_name: 'millrace doctor',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const startedAt = performance.now();
    const { rows } = await client.query<{ number: string; version: string; now: Date }>(
      "select current_setting('server_version_num') as number, current_setting('server_version') as version, now() as now",
    );
    const [row] = rows;
    const found = `version ${row?.version} answers in ${(performance.now() - startedAt).toFixed(0)} ms`;
    if (Number(row?.number) < MINIMUM_POSTGRESQL) return fail('PostgreSQL', found, 'Install PostgreSQL 13 or later.');
    const skewMs = Math.abs(Date.now() - (row?.now.getTime() ?? 0));
    if (skewMs > TOLERATED_SKEW_MS)
      return warn(
        'PostgreSQL',
        `${found}; its clock differs by ${(skewMs / 1_000).toFixed(0)} s`,
        'Synchronize the clocks of both machines (timedatectl set-ntp true).',
      );
    return ok('PostgreSQL', found);
  } finally {
    await client.end().catch(() => undefined);
  }
}
