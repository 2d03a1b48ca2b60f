// What signaling is given, and the injection tokens of its own. It opens nothing of what it is given, and closes nothing of it.
import type { RoomBus } from '@millrace/control';
import type { PresenceStore } from '@millrace/live-store';
import type { ContextValues } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import type { RoomsSettings } from './settings.ts';

export interface SignalingOptions extends ContextValues {
  readonly settings: RoomsSettings;
  readonly presence: PresenceStore;
  readonly roomBus: RoomBus;
  readonly control: ClientProxy;
}

export const SIGNALING_SETTINGS = Symbol('SignalingSettings');
export const SIGNALING_METRICS = Symbol('SignalingMetrics');
