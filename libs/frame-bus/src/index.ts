export { FRAME_BUS } from './frame-bus.ts';
export type {
  FrameBus,
  FramePublisher,
  FrameSubscriber,
  FrameSubscription,
  LogUsage,
  PayloadMemory,
  StartPosition,
} from './frame-bus.ts';
export { FrameBusError, isFrameBusAway } from './frame-bus.errors.ts';
export type { FrameBusErrorCode } from './frame-bus.errors.ts';
export type { FrameDropReason, FrameBusObserver, PublishFailure } from './frame-bus-observer.ts';
export { createMemoryFrameBus, MEMORY_FRAME_BUS_DEFAULTS } from './frame-bus.memory.ts';
export type { MemoryFrameBusOptions } from './frame-bus.memory.ts';
export { createNatsFrameBus } from './frame-bus.nats.ts';
export type { NatsFrameBusOptions } from './frame-bus.nats.ts';
export { NATS_FRAME_BUS_DEFAULTS } from './nats/nats-limits.ts';
export type { NatsFrameBusLimits } from './nats/nats-limits.ts';
export { isAtLeast, MINIMUM_NATS_VERSION } from './nats/nats-version.ts';
export {
  ALL_MARKS_SUBJECT,
  ALL_SPARE_MARKS_SUBJECT,
  MARKS_STREAM,
  REPAIR_STREAM,
  REPAIR_SUBJECT,
  shardStream,
  shardSubjects,
  SPARE_MARKS_STREAM,
} from './nats/frame-subject.ts';
