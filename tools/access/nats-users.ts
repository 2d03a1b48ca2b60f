// The users of NATS as its configuration has them.
import { serviceAccess, SERVICES } from './service-access.ts';
import type { ServiceName } from './service-access.ts';

/**
 * A block `authorization { … }` for nats-server: each service as a user with its permissions, and no one else.
 *
 * @param password what stands for it in the configuration: a quoted text, or `$` and the name of a variable
 */
export function natsUsers(shards: number, password: (service: ServiceName) => string): string {
  const access = serviceAccess(shards);
  const users = SERVICES.map((service) => {
    const { publish, subscribe, answers } = access[service].nats;
    return [
      '    {',
      `      user: "${service}"`,
      `      password: ${password(service)}`,
      '      permissions: {',
      ...allowed('publish', publish),
      ...allowed('subscribe', subscribe),
      // One answer to each request, within two minutes: the server's own defaults.
      ...(answers ? ['        allow_responses: true'] : []),
      '      }',
      '    }',
    ];
  });
  return ['authorization {', '  users: [', ...users.flat(), '  ]', '}', ''].join('\n');
}

function allowed(what: string, subjects: readonly string[]): string[] {
  return [
    `        ${what}: {`,
    '          allow: [',
    ...subjects.map((subject) => `            ${JSON.stringify(subject)}`),
    '          ]',
    '        }',
  ];
}

/** The variable of nats-server's configuration, or of its environment, that holds the password of a service. */
export const natsPasswordVariable = (service: ServiceName): string =>
  `MILLRACE_NATS_PASSWORD_${service.toUpperCase().replaceAll('-', '_')}`;
