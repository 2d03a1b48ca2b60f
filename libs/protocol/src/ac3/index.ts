export { AC3_CODEC_STRING, AC3_SAMPLES, decodeAc3Syncframe, decodeDac3, encodeDac3 } from './ac3.ts';
export type { Ac3Configuration, Ac3Syncframe } from './ac3.ts';
export { decodeDec3, decodeEac3AccessUnit, EAC3_CODEC_STRING, encodeDec3 } from './eac3.ts';
export type { Eac3AccessUnit, Eac3Configuration, Eac3Substream } from './eac3.ts';
