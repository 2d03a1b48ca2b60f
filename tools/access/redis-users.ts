// The users of Redis as its file of users (`aclfile`) has them.
import { createHash } from 'node:crypto';
import { serviceAccess, SERVICES } from './service-access.ts';
import type { RedisAccess, ServiceName } from './service-access.ts';

/** The services that have a user in Redis. */
export const REDIS_SERVICES: readonly ServiceName[] = SERVICES.filter(
  (service) => serviceAccess(1)[service].redis.length > 0,
);

/**
 * One line for each service, and one that lets no one in without a user.
 *
 * @param passwordHash SHA-256 of the password of a service, in hexadecimal, or what stands for it
 */
export function redisUsers(passwordHash: (service: ServiceName) => string): string {
  const access = serviceAccess(1);
  const lines = REDIS_SERVICES.map((service) => {
    const [connection, ...others] = access[service].redis;
    const rules = [rulesOf(connection ?? { commands: [] }), ...others.map((other) => `(${rulesOf(other)})`)];
    return `user ${service} on #${passwordHash(service)} ${rules.join(' ')}`;
  });
  return ['user default off resetpass resetkeys resetchannels -@all', ...lines, ''].join('\n');
}

export const redisPasswordHash = (password: string): string => createHash('sha256').update(password).digest('hex');

function rulesOf({ commands, keys = [], channels = [] }: RedisAccess): string {
  return [
    ...keys.map((key) => (key.startsWith('%') ? key : `~${key}`)),
    ...channels.map((channel) => `&${channel}`),
    ...commands.map((command) => `+${command}`),
  ].join(' ');
}
