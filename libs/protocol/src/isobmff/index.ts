export {
  encodeCmafFragment,
  encodeEventMessage,
  encodeProducerReferenceTime,
  encodeSegmentType,
  ID3_EVENT_SCHEME,
} from './fragment.ts';
export type { CmafFragment, CmafSample, EventMessage, ProducerReferenceTime } from './fragment.ts';
export { CMAF_TRACK_ID, encodeCmafHeader } from './init-segment.ts';
export type {
  CmafAudioTrack,
  CmafContentLight,
  CmafMasteringDisplay,
  CmafTrack,
  CmafVideoTrack,
} from './init-segment.ts';
