export { readQuickstart } from '@millrace/standalone/quickstart';
export type { Quickstart } from '@millrace/standalone/quickstart';
