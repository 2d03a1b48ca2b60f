export { FrameRecorder } from './frame-recorder.ts';
export type { RecordedGap } from './frame-recorder.ts';
export { forgetFrames } from './forget-frames.ts';
export { PoisonedMemory } from './poisoned-memory.ts';
export { publishRun } from './publish-run.ts';
export type { PublishRunOptions } from './publish-run.ts';
export { NatsCluster, startNatsCluster } from './nats-cluster.ts';
export { NatsServer, startNatsServer } from './nats-server.ts';
export type { NatsServerOptions } from './nats-server.ts';
export { SmallDisk } from './small-disk.ts';
export {
  sampleConfiguration,
  sampleEnd,
  sampleEpoch,
  sampleFrame,
  sampleKeyframe,
  sampleMark,
  samplePayload,
} from './sample-frames.ts';
