// This machine: what publishing needs, and the services that run here.
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { explainFailure } from '../api/unreachable.ts';
import { readDataFolder } from '../access/data-folder.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CliEnvironment } from '../command-line/command.ts';
import { findFfmpeg } from '../publishing/ffmpeg-source.ts';
import { CHECK_TIMEOUT_MS, fail, ok, skip, warn } from './check.ts';
import type { CheckResult } from './check.ts';

const LEAST_FREE_BYTES = 1024 ** 3;

/** @param needed whether programs that publish run here: in the container of a service they do not */
export function checkFfmpeg(path: string | undefined, needed: boolean): CheckResult {
  const advice = 'Install ffmpeg with libx264 (apt-get install ffmpeg); only "millrace publish" and encoders need it.';
  const facts = findFfmpeg(path);
  if (facts === undefined && !needed) return skip('ffmpeg', 'not installed; no service needs it');
  if (facts === undefined) return warn('ffmpeg', 'not installed', advice);
  if (!facts.h264 || !facts.aac) return warn('ffmpeg', `version ${facts.version} cannot encode H.264 and AAC`, advice);
  return ok('ffmpeg', `version ${facts.version} encodes H.264 and AAC`);
}

/** Who may read the keys of a start here, and whether its disk has room. */
export async function checkDataFolder({ variables, folder }: CliEnvironment): Promise<CheckResult[]> {
  try {
    const found = readDataFolder(variables, folder);
    if (found === undefined) return [];
    const keys = ok('data folder', `${found.folder} keeps its keys from other users`);
    const { bavail, bsize } = await statfs(found.folder);
    const free = bavail * bsize;
    if (free >= LEAST_FREE_BYTES) return [keys];
    return [
      keys,
      warn(
        'disk',
        `${(free / 1024 ** 2).toFixed(0)} MiB are free in ${found.folder}`,
        'Free some space: PostgreSQL stops when the disk is full.',
      ),
    ];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [fail('data folder', error.message, error.advice ?? 'Check its permissions.')];
  }
}

interface Readiness {
  readonly ready?: boolean;
  readonly checks?: Readonly<Record<string, string>>;
}

/** What the service on this machine says about itself; nothing when none is expected here. */
export async function checkReadiness(
  variables: CliEnvironment['variables'],
  expected: boolean,
): Promise<CheckResult[]> {
  const port = variables['MILLRACE_METRICS_PORT'] || '9464';
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    const { ready, checks = {} } = (await response.json()) as Readiness;
    if (ready === true) return [ok('service', `ready on this machine: ${Object.keys(checks).join(', ')}`)];
    const wrong = Object.entries(checks).filter(([, text]) => text !== 'ok');
    return [
      fail(
        'service',
        `not ready on this machine: ${wrong.map(([name, text]) => `${name}: ${text}`).join('; ')}`,
        'Start or repair what it waits for; its log has more.',
      ),
    ];
  } catch (error) {
    if (!expected) return [];
    const { what } = explainFailure(error);
    return [
      warn(
        'service',
        `no service of this machine answers on port ${port}: ${what}`,
        'Start it, or set MILLRACE_METRICS_PORT to its port.',
      ),
    ];
  }
}

/** Whether this is a container of Millrace, or the environment that its services are started with. */
export const isServerHost = (variables: CliEnvironment['variables']): boolean =>
  ['MILLRACE_NATS_URL', 'MILLRACE_REDIS_URL', 'MILLRACE_DATABASE_URL', 'MILLRACE_METRICS_PORT'].some(
    (variable) => variables[variable] || variables[`${variable}_FILE`],
  ) || existsSync('/app/main.js');
