import type { Frame } from './frame.ts';

/** What a frame costs besides its payload: the object, its place in a list, its header on the wire. */
export const FRAME_OVERHEAD_BYTES = 256;

/** The bytes that a frame counts as wherever bytes are limited. */
export const frameCost = (frame: Frame): number => frame.payload.byteLength + FRAME_OVERHEAD_BYTES;
