// The images of Millrace: which there are, and how they are built.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { docker } from './docker.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/**
 * What each image may add to its base, in megabytes: what is measured (docs/operate/images.md) and a little more. One that grows
 * past it has got something that it does not need.
 */
export const IMAGE_LIMITS_MB = {
  gateway: 40,
  'rtmp-edge': 19,
  'rtsp-edge': 19,
  'srt-edge': 19,
  packager: 19,
  signaling: 28,
  turn: 20,
  standalone: 108,
} as const;

export type Service = keyof typeof IMAGE_LIMITS_MB;

export const SERVICES = Object.keys(IMAGE_LIMITS_MB) as readonly Service[];

/** Of tests: another than an image built by hand. */
export const imageOf = (service: Service): string => `millrace/${service}:test`;

/** The image that all others are made from, as the Dockerfile has it. */
export function baseImage(): string {
  const [, image = ''] = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(resolve(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  return image;
}

/** What a release says of its images. */
function buildArguments(service: Service): Readonly<Record<string, string>> {
  const { version } = JSON.parse(readFileSync(resolve(ROOT, `apps/${service}/package.json`), 'utf8')) as {
    version: string;
  };
  return { SERVICE: service, VERSION: version, REVISION: revision(), CREATED: new Date().toISOString() };
}

/** @returns what it was given */
export async function buildImage(service: Service): Promise<Readonly<Record<string, string>>> {
  const values = buildArguments(service);
  const given = Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  await docker(['build', '--network', 'host', ...given, '--tag', imageOf(service), ROOT]);
  return values;
}

/** Nothing where the sources came without their history. */
function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '';
  }
}
