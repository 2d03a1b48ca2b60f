export { decodeSpliceInfo, encodeSpliceInsert } from './splice-info.ts';
export type { Segmentation, SpliceInfo, SpliceInsert } from './splice-info.ts';
