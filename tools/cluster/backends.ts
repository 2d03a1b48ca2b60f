// NATS and Redis as a cluster on one machine runs them: on loopback, with folders of their own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsUsers } from '../access/nats-users.ts';
import { redisPasswordHash, redisUsers } from '../access/redis-users.ts';
import { requireNatsServer } from '../nats-server/index.ts';
import { acceptsConnections, answersLine, ManagedProcess, requireProgram } from '../processes/index.ts';
import type { ClusterSecrets } from './cluster-secrets.ts';

/** Frames are kept in memory; the durable stream of commit marks is small. */
const NATS_MAX_MEMORY_BYTES = 2 * 1024 ** 3;
const NATS_MAX_FILE_BYTES = 256 * 1024 ** 2;
const REDIS_MAX_MEMORY = '2gb';

/** Of each service's user. */
type Passwords = ClusterSecrets['passwords'];

/** @param shards of frames, `MILLRACE_NATS_SHARDS` */
export function natsProcess(folder: string, port: number, passwords: Passwords, shards: number): ManagedProcess {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'nats.conf');
  writeFileSync(
    config,
    [
      `listen: "127.0.0.1:${port}"`,
      'jetstream {',
      `  store_dir: ${JSON.stringify(folder)}`,
      `  max_memory_store: ${NATS_MAX_MEMORY_BYTES}`,
      `  max_file_store: ${NATS_MAX_FILE_BYTES}`,
      '}',
      natsUsers(shards, (service) => JSON.stringify(passwords[service])),
    ].join('\n'),
    { mode: 0o600 },
  );
  return new ManagedProcess({
    name: 'nats',
    command: requireNatsServer(),
    args: ['-c', config],
    isReady: () => answersLine(port, 'PING', /INFO|PONG/),
  });
}

/**
 * Redis keeps nothing on disk here: what the live path needs comes back from the frame log and the commit marks.
 *
 * @param args added to its command line, for tests that want a snapshot on disk
 */
export function redisProcess(
  folder: string,
  port: number,
  { passwords, redisOperatorPassword }: Pick<ClusterSecrets, 'passwords' | 'redisOperatorPassword'>,
  args: readonly string[] = [],
): ManagedProcess {
  mkdirSync(folder, { recursive: true });
  const users = join(folder, 'users.acl');
  const operator = `user operator on #${redisPasswordHash(redisOperatorPassword)} ~* &* +@all\n`;
  const services = redisUsers((service) => redisPasswordHash(passwords[service]));
  writeFileSync(users, services + operator, { mode: 0o600 });
  return new ManagedProcess({
    name: 'redis',
    command: requireProgram('redis-server', 'redis-server'),
    args: [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory',
      REDIS_MAX_MEMORY,
      '--maxmemory-policy',
      'noeviction',
      '--aclfile',
      users,
      ...args,
    ],
    isReady: async () => (await acceptsConnections(port)) && (await answersLine(port, 'PING', /NOAUTH/)),
  });
}
