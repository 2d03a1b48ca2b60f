export { Standalone } from './standalone.ts';
export { standaloneSettings } from './settings.ts';
export type { StandaloneSettings } from './settings.ts';
