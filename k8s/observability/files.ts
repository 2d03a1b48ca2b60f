// The files that are made of all this: what `npm run dashboards` writes and a spec compares.
import { join } from 'node:path';
import { ALERTS, DASHBOARDS } from '../paths.ts';
import { bus } from './dashboards/bus.ts';
import { dashboardJson } from './dashboards/dashboard.ts';
import { ingest } from './dashboards/ingest.ts';
import { overview } from './dashboards/overview.ts';
import { packagerPlayback } from './dashboards/packager-playback.ts';
import { oneStreamJson } from './dashboards/one-stream.ts';
import type { Dashboard } from './dashboards/panel.ts';
import { roomsTurn } from './dashboards/rooms-turn.ts';
import { tenants } from './dashboards/tenants.ts';
import { causeAlerts } from './rules/causes.ts';
import type { RuleGroup } from './rules/rule.ts';
import { scaling } from './rules/scaling.ts';
import { sloAlerts, sloRecordings } from './rules/slo-rules.ts';

/** Those that look at Prometheus. */
export const ALL_DASHBOARDS: readonly Dashboard[] = [overview, ingest, packagerPlayback, roomsTurn, bus, tenants];

export const RULE_FILES: Readonly<Record<string, readonly RuleGroup[]>> = {
  'slo.rules.yaml': [sloRecordings, sloAlerts],
  'causes.rules.yaml': [causeAlerts],
  'scaling.rules.yaml': [scaling],
};

const dashboardFile = ({ file }: Dashboard): string => join(DASHBOARDS, `${file}.json`);
export const ruleFile = (name: string): string => join(ALERTS, name);

/** Every file and what it must hold. */
export function generatedFiles(): { path: string; content: object }[] {
  return [
    ...ALL_DASHBOARDS.map((dashboard) => ({ path: dashboardFile(dashboard), content: dashboardJson(dashboard) })),
    { path: join(DASHBOARDS, 'one-stream.json'), content: oneStreamJson() },
    ...Object.entries(RULE_FILES).map(([name, groups]) => ({ path: ruleFile(name), content: { groups } })),
  ];
}
