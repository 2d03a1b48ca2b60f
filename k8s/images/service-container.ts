// A service of a cluster in its image, closed as tightly as the compose file and the chart close it.
import { answersOk, ManagedProcess } from '@millrace/tools/processes';
import type { ServiceOptions } from '@millrace/tools/cluster';
import { docker } from './docker.ts';
import { imageOf } from './images.ts';
import type { Service } from './images.ts';

/** Nothing to write to but memory, no capability, no way to get one. */
export const CLOSED = [
  '--read-only',
  '--tmpfs',
  '/tmp',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
] as const;

/** Certificates are files of this machine that the image's user may not read; TLS has tests of its own. */
const LEFT_OUT = /^MILLRACE_TURN_TLS_|^MILLRACE_DATA_DIR$/;

/** Making a container takes its time on a busy machine. */
const START_TIMEOUT_MS = 150_000;

export interface ContainerOptions {
  /** Of the process, as a cluster knows it; the container's when not given. */
  readonly name?: string;
  readonly container: string;
  readonly service: Service;
  readonly env: () => Readonly<Record<string, string>>;
  readonly isReady: () => Promise<boolean>;
  /** Before the image. */
  readonly args?: readonly string[];
}

/** `docker run` in the foreground: it passes signals on, and ends with the code that the service ended with. */
export function container(options: ContainerOptions): ManagedProcess {
  const { container: containerName, name = containerName, service, env, isReady, args = [] } = options;
  return new ManagedProcess({
    name,
    command: 'docker',
    // By name: the values stay out of the process list.
    args: () => [
      'run',
      '--rm',
      '--name',
      containerName,
      '--network',
      'host',
      ...CLOSED,
      ...args,
      ...Object.keys(env()).flatMap((variable) => ['--env', variable]),
      imageOf(service),
    ],
    env,
    isReady,
    startTimeoutMs: START_TIMEOUT_MS,
  });
}

/** How a cluster runs its services in containers. @param prefix of their names, so that several clusters can run */
export function serviceContainer(prefix: string): (options: ServiceOptions) => ManagedProcess {
  return ({ name, app, metricsPort, env }) =>
    container({
      name,
      container: `${prefix}-${name}`,
      service: app,
      env: () => ({
        ...Object.fromEntries(Object.entries(env()).filter(([variable]) => !LEFT_OUT.test(variable))),
        MILLRACE_INSTANCE_ID: name,
        MILLRACE_METRICS_PORT: String(metricsPort),
      }),
      isReady: () => answersOk(`http://127.0.0.1:${metricsPort}/readyz`),
    });
}

/** Removes what a test that failed left running. */
export async function removeContainers(prefix: string): Promise<void> {
  const names = await docker(['ps', '--all', '--quiet', '--filter', `name=^${prefix}-`]);
  if (names !== '') await docker(['rm', '--force', ...names.split('\n')]);
}
