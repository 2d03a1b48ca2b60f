// Wiring only: the simulcast targets of an edge, as providers of the edge's own module.
import { Controller, Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, InjectionToken, Provider } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { CONTROL_PLANE, ControlSubject, PayloadPipe, targetsChangedSchema, UsageReporter } from '@millrace/control';
import type { ControlPlane, TargetsChanged } from '@millrace/control';
import type { PublishClaim } from '@millrace/domain';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { LOGGER, METRICS } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { EdgeSimulcast } from './edge-simulcast.ts';
import type { SimulcastSettings } from './simulcast-settings.ts';

/** Says which publishers an edge has. */
export interface PublishSource {
  listen(listener: {
    began(claim: PublishClaim): void;
    /** @param reason `taken_over` and `switched` if another publisher has followed */
    ended(claim: PublishClaim, reason: string): void;
  }): void;
}

export interface SimulcastOptions {
  readonly settings: SimulcastSettings;
  readonly edgeId: string;
  /** How long gateways may take to answer, in milliseconds. */
  readonly authorizeMs: number;
  /** What the edge provides its `PublishSource` as. */
  readonly publishes: InjectionToken;
}

const SIMULCAST_OPTIONS = Symbol('SimulcastOptions');
const PUBLISH_SOURCE = Symbol('PublishSource');

@Injectable()
class Simulcast implements BeforeApplicationShutdown {
  readonly #simulcast: EdgeSimulcast;

  constructor(
    @Inject(CONTROL_PLANE) control: ControlPlane,
    @Inject(FRAME_BUS) frames: FrameBus,
    @Inject(LIVE_STORE) store: LiveStore,
    @Inject(METRICS) metrics: Metrics,
    { ledger: usage }: UsageReporter,
    @Inject(LOGGER) logger: Logger,
    @Inject(SIMULCAST_OPTIONS) options: SimulcastOptions,
    @Inject(PUBLISH_SOURCE) publishes: PublishSource,
  ) {
    const { settings, edgeId, authorizeMs } = options;
    this.#simulcast = new EdgeSimulcast({
      control,
      frames,
      store,
      metrics,
      usage,
      logger,
      settings,
      edgeId,
      authorizeMs,
    });
    publishes.listen(this.#simulcast);
  }

  changed(event: TargetsChanged): void {
    this.#simulcast.changed(event);
  }

  /** All publishers are gone by now, and the last report of usage, which comes after this, has what their targets were sent. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#simulcast.close();
  }
}

/** What the control plane tells edges. */
@Controller()
export class SimulcastController {
  constructor(private readonly simulcast: Simulcast) {}

  @EventPattern<string>(ControlSubject.targetsChanged)
  changed(@Payload(new PayloadPipe(targetsChangedSchema)) event: TargetsChanged): void {
    this.simulcast.changed(event);
  }
}

export const simulcastProviders = (options: SimulcastOptions): Provider[] => [
  { provide: SIMULCAST_OPTIONS, useValue: options },
  { provide: PUBLISH_SOURCE, useExisting: options.publishes },
  Simulcast,
];
