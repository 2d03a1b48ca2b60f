// The footage that every end-to-end test publishes, and the frames that must come out.
import { join } from 'node:path';
import { readFlvFrames } from './flv-frames.ts';
import { readFlvTags } from './flv-tags.ts';

/** 30 s of H.264 with B-frames, a keyframe every 2 s, and AAC. */
export const SOURCE_FILE = join(import.meta.dirname, '../../media/bbb-h264-aac.flv');
export const sourceFrames = () => readFlvFrames(SOURCE_FILE);
export const sourceTags = () => readFlvTags(SOURCE_FILE);
