export { framesContainer, readNumberedFrames } from './frames-container.ts';
export type { NumberedFrame } from './frames-container.ts';
