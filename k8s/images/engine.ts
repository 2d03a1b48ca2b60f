// A Docker engine for the tests: the one that answers, or one of their own for as long as they run.
import { mkdirSync } from 'node:fs';
import { findProgram, ManagedProcess } from '@millrace/tools/processes';
import { docker, missingEngine } from './docker.ts';

/** Kept, as a cache for the next run. */
const DATA = '/var/lib/millrace-test-docker';
const RUN = `/run/millrace-test-docker`;
const HOST = `unix://${RUN}/docker.sock`;

const answers = (): Promise<boolean> =>
  docker(['version', '--format', '{{.Server.Version}}']).then(
    () => true,
    () => false,
  );

const canStart = (): boolean => process.getuid?.() === 0 && findProgram('dockerd') !== undefined;

/** @returns what to install for a container engine; undefined when one answers or can be started */
export async function missingContainerEngine(): Promise<string | undefined> {
  const missing = await missingEngine();
  return missing === undefined || (findProgram('docker') !== undefined && canStart()) ? undefined : missing;
}

/** @returns stops the engine, if this call started it */
export async function ensureEngine(): Promise<() => Promise<void>> {
  if (await answers()) return async () => undefined;
  mkdirSync(RUN, { recursive: true });
  process.env['DOCKER_HOST'] = HOST;
  const engine = new ManagedProcess({
    name: 'dockerd',
    command: findProgram('dockerd') ?? 'dockerd',
    args: [
      '--data-root',
      DATA,
      '--exec-root',
      `${RUN}/exec`,
      '--pidfile',
      `${RUN}/docker.pid`,
      '--host',
      HOST,
      // Builds and containers use the network of this machine, which stays as it is.
      '--bridge',
      'none',
      '--iptables=false',
      '--ip6tables=false',
    ],
    isReady: answers,
    stopTimeoutMs: 30_000,
  });
  await engine.start();
  return () => engine.stop();
}
