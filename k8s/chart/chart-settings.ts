// The chart's settings.yaml: which settings each service has, so that a misspelt one is refused before anything is installed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CHART } from '../paths.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';

export const SETTINGS_FILE = join(CHART, 'settings.yaml');

/** Containers, Services, probes and mounts are built around these. */
const DECIDED_BY_CHART = /_(PORT|HOST)$|^MILLRACE_(DATA_DIR|INSTANCE_ID|POD_NAME|POD_NAMESPACE|TURN_REPLICA)$/;

/** @returns the text of settings.yaml as it should be */
export function chartSettings(): string {
  const services = [...SERVICE_SETTINGS].map(
    ([name, settings]) =>
      [
        name,
        settings
          .list()
          .map(({ variable }) => variable)
          .sort(),
      ] as const,
  );
  const all = new Set(services.flatMap(([, variables]) => variables));
  const content = {
    decidedByChart: [...all].filter((variable) => DECIDED_BY_CHART.test(variable)).sort(),
    services: Object.fromEntries(services),
  };
  return `# The settings of each service. Written by "npm run chart-values".\n${stringify(content)}`;
}

if (import.meta.main) writeFileSync(SETTINGS_FILE, chartSettings());
