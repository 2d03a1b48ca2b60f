export { Containers } from './containers/containers.ts';
export { PackagerModule } from './packager.module.ts';
export type { PackagerOptions } from './packager-options.ts';
export { packagerGracePeriodMs, packagerSettings } from './settings.ts';
export type { PackagerSettings, PackagingSettings } from './settings.ts';
export { SPLICE_LIMITS } from './packaging/splice-signals.ts';
export { METADATA_LIMITS } from './packaging/timed-metadata.ts';
