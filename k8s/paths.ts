// Where the parts of this folder are.
import { join } from 'node:path';

export const CHART = join(import.meta.dirname, 'charts/millrace');
export const DASHBOARDS = join(import.meta.dirname, 'dashboards');
export const ALERTS = join(import.meta.dirname, 'alerts');
/** A page for each alert. */
export const RUNBOOKS = join(import.meta.dirname, '../docs/runbooks');
