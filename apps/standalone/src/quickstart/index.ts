export { ensureQuickstart, operatorKeyOf } from './ensure-quickstart.ts';
export type { QuickstartOptions } from './ensure-quickstart.ts';
export { formatQuickstart, otherEncoders } from './format-quickstart.ts';
export { quickstartFile, readQuickstart } from './quickstart.ts';
export type { Quickstart } from './quickstart.ts';
