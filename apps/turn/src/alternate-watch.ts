// Keeps the threads informed of the servers that new clients are sent to while this one drains.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { TransportAddress } from '@millrace/protocol/stun';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { announcedAddresses } from './addresses.ts';
import type { TurnAddresses } from './addresses.ts';
import { ALTERNATE_STATES, usableServers } from './alternates/alternate-health.ts';
import type { AlternateHealth } from './alternates/alternate-health.ts';
import { AlternateProber } from './alternates/alternate-prober.ts';
import { parseEndpoints } from './endpoint.ts';
import type { TurnMetrics } from './metrics/turn-metrics.ts';
import type { TurnSettings } from './settings.ts';
import { openDgramSocket } from './transport/dgram-socket.ts';
import { TURN_ADDRESSES, TURN_METRICS, TURN_SETTINGS } from './turn-options.ts';
import { RelayWorkers } from './worker/relay-workers.ts';

@Injectable()
export class AlternateWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #prober: AlternateProber | undefined;

  constructor(
    private readonly workers: RelayWorkers,
    @Inject(TURN_SETTINGS) private readonly settings: TurnSettings,
    @Inject(TURN_ADDRESSES) private readonly addresses: TurnAddresses,
    @Inject(TURN_METRICS) private readonly metrics: TurnMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const { settings, logger } = this;
    const servers = parseEndpoints(settings.turnAlternateServers).filter((server) => !this.#isOwn(server));
    const prober = new AlternateProber({
      servers,
      open: openDgramSocket,
      onChange: (alternates, { server, state }) => {
        logger[state === 'healthy' ? 'info' : 'warn'](
          { server: `${server.address} ${server.port}`, state },
          'alternate server',
        );
        this.#use(alternates);
      },
      onNoSocket: (family, error) => logger.warn({ family, err: error }, 'alternate servers cannot be asked'),
    });
    this.#prober = prober;
    this.#use(prober.alternates);
    prober.start(settings.turnAlternateProbeMs);
  }

  beforeApplicationShutdown(): void {
    this.#prober?.stop();
    this.#prober = undefined;
  }

  /** One list may be set for all servers: none sends clients to itself. */
  #isOwn({ address, port }: TransportAddress): boolean {
    const own = [...this.settings.turnHosts, ...announcedAddresses(this.addresses)];
    return own.includes(address) && [this.workers.opened?.udp, this.settings.turnPort].includes(port);
  }

  #use(alternates: readonly AlternateHealth[]): void {
    for (const state of ALTERNATE_STATES)
      this.metrics.alternates.set({ state }, alternates.filter((each) => each.state === state).length);
    this.workers.tellAll({ kind: 'alternates', servers: usableServers(alternates) });
  }
}
