export { CONTROL_PLANE } from './control-plane.ts';
export type { ControlPlane } from './control-plane.ts';
export { ControlSubject } from './messages.ts';
export type {
  AuthorizePublish,
  AuthorizePublishAnswer,
  CutPublisher,
  PublishEnded,
  SessionActive,
  SessionEnded,
  StreamLive,
} from './messages.ts';
