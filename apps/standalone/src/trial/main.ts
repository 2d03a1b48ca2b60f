// Publishes to an installation that runs elsewhere and plays it, then ends: 0 when that worked, 1 with words when not.
import { createLogger } from '@millrace/service-kit';
import { resolve } from 'node:path';
import { FlvClip } from '../demo/flv-clip.ts';
import { publishAndPlay } from './publish-and-play.ts';
import { trialSettings } from './trial-settings.ts';

const CLIP = resolve(import.meta.dirname, '../../../../media/bbb-h264-aac.flv');

try {
  const settings = trialSettings.parse(process.env);
  await publishAndPlay({
    ...settings,
    clip: FlvClip.read(CLIP),
    logger: createLogger({ service: 'trial', level: 'info', pretty: true }),
    say: (line) => process.stdout.write(`ok: ${line}\n`),
  });
} catch (error) {
  const cause = error instanceof TypeError && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  process.stderr.write(`failed: ${error instanceof Error ? error.message : String(error)}${cause}\n`);
  process.exitCode = 1;
}
