// The images that the trial's pods run, in one archive.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { docker } from '../images/docker.ts';
import { baseImage, buildImage, imageOf, SERVICES } from '../images/images.ts';
import { ensureBaseImage, ensureForeignImage } from '../images/stand-in-images.ts';
import type { StandIn } from '../images/stand-in-images.ts';
import { CHART } from '../paths.ts';
import { PAUSE_IMAGE } from './node.ts';

/** The registry that the command of docs/operate/install.md names. */
const REPOSITORY = 'registry.example.com/millrace';

/** Keeps the namespaces of a pod open; any process that never exits will do. */
const PAUSE = `FROM ${baseImage()}\nUSER 65535:65535\nENTRYPOINT ["sleep", "infinity"]\n`;

interface Values {
  readonly dev: Readonly<Record<StandIn, { readonly image: string }>>;
}

const readChart = <T>(file: string): T => parse(readFileSync(join(CHART, file), 'utf8')) as T;

/** Builds what has changed. @returns all images, by their names in the pods */
async function buildAll(): Promise<readonly string[]> {
  const { appVersion } = readChart<{ readonly appVersion: string }>('Chart.yaml');
  const { dev } = readChart<Values>('values.yaml');
  const images: string[] = [];
  await ensureBaseImage();
  for (const [name, { image }] of Object.entries(dev).filter(([, each]) => each.image !== undefined)) {
    await ensureForeignImage(image, name as StandIn);
    images.push(image);
  }
  // All: `helm test` runs the image of standalone.
  for (const service of SERVICES) {
    const startedAt = performance.now();
    await buildImage(service);
    const image = `${REPOSITORY}/${service}:${appVersion}`;
    await docker(['tag', imageOf(service), image]);
    images.push(image);
    console.log(`Built ${image} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`);
  }
  await buildPause();
  return [...images, PAUSE_IMAGE];
}

async function buildPause(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pause-image-'));
  try {
    writeFileSync(join(folder, 'Dockerfile'), PAUSE);
    await docker(['build', '--network', 'host', '--tag', PAUSE_IMAGE, folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function saveClusterImages(archive: string): Promise<void> {
  await docker(['save', '--output', archive, ...(await buildAll())]);
}
