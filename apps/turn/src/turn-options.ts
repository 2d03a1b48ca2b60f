// What the TURN server is given, and the injection tokens of its own. It opens nothing of what it is given, and closes nothing of it.
import type { ContextValues } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import type { TurnSettings } from './settings.ts';

export interface TurnOptions extends ContextValues {
  readonly settings: TurnSettings;
  readonly control: ClientProxy;
}

export const TURN_SETTINGS = Symbol('TurnSettings');
export const TURN_METRICS = Symbol('TurnMetrics');
export const TURN_CLOCK = Symbol('TurnClock');
/** Of each thread. */
export const TURN_COUNTERS = Symbol('TurnCounters');
/** The certificate of TURN over TLS; undefined without it. */
export const TURN_CERTIFICATE = Symbol('TurnCertificate');
/** Those of this machine, and those that relays are announced by. */
export const TURN_ADDRESSES = Symbol('TurnAddresses');
