export { ChunkDecoder } from './chunk/chunk-decoder.ts';
export type { MessageHandler } from './chunk/chunk-decoder.ts';
export { ChunkEncoder } from './chunk/chunk-encoder.ts';
export type { ChunkForm, Fmt, OutgoingMessage } from './chunk/chunk-encoder.ts';
export { encodeSetChunkSize } from './message/set-chunk-size.ts';
