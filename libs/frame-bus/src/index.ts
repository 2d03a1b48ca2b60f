export { FRAME_BUS } from './frame-bus.ts';
export type { FrameBus, FramePublisher, FrameSubscriber, FrameSubscription, StartPosition } from './frame-bus.ts';
