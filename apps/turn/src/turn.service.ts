// The TURN server as a whole: its threads, what they ask and tell, its certificate, and how it stops.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { RelayControl, RevokeRelay } from '@millrace/control';
import { CertificateWatcher, ConfigError, NO_TRACER, TenantLabels } from '@millrace/service-kit';
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Certificate, Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import { familiesWithoutRelays, machineAddresses, relayAddresses } from './addresses.ts';
import { ALTERNATE_STATES, usableServers } from './alternates/alternate-health.ts';
import type { AlternateHealth } from './alternates/alternate-health.ts';
import { AlternateProber } from './alternates/alternate-prober.ts';
import type { AllocationUsage } from './allocation/upkeep.ts';
import { PortPool } from './allocation/port-pool.ts';
import { Reservations } from './allocation/reservations.ts';
import { NONCE_KEY_BYTES } from './auth/nonce.ts';
import { parseEndpoints } from './endpoint.ts';
import { systemClock } from './clock.ts';
import { QuotaRegistry } from './limits/quota-registry.ts';
import { QuotaSlots } from './limits/quota-slots.ts';
import { Counters } from './counters.ts';
import { longestRealm } from './request/answers.ts';
import { collectCounters, createTurnMetrics } from './metrics/turn-metrics.ts';
import type { TurnMetrics } from './metrics/turn-metrics.ts';
import { RelayUsageMetrics } from './metrics/relay-usage-metrics.ts';
import { RelayAuthorization } from './relay-authorization.ts';
import { turnSettings } from './settings.ts';
import type { TurnSettings } from './settings.ts';
import { openDgramSocket } from './transport/dgram-socket.ts';
import { traceAllocation } from './trace-allocation.ts';
import { workerInOwnThread, workerInThisThread } from './worker/worker-link.ts';
import type { WorkerLink } from './worker/worker-link.ts';
import type { FromWorker, OpenedPorts, ToWorker, WorkerSetup } from './worker/worker-messages.ts';

export interface TurnServiceOptions {
  readonly settings: TurnSettings;
  readonly control: RelayControl;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer;
}

/** How often a draining server looks whether it is empty. */
const DRAIN_LOOK_MS = 50;
/** Places of quotas outlive what threads remember by this factor. */
const KEEP_FACTOR = 4;

export class TurnService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: TurnServiceOptions;
  readonly #metrics: TurnMetrics;
  readonly #tracer: Tracer;
  readonly #clock = systemClock();
  readonly #quotas = new QuotaSlots();
  readonly #ports: PortPool;
  readonly #counters: readonly Counters[];
  readonly #authorization: RelayAuthorization;
  readonly #usage: RelayUsageMetrics;
  #workers: readonly WorkerLink[] = [];
  #prober: AlternateProber | undefined;
  #watcher: CertificateWatcher | undefined;
  #stopCollecting: (() => void) | undefined;
  #opened: OpenedPorts | undefined;
  #leaving = false;
  #drained: Promise<void> | undefined;

  constructor(options: TurnServiceOptions) {
    this.#options = options;
    const { settings, control } = options;
    if (settings.turnRelayPortMax < settings.turnRelayPortMin) throw portsReversed();
    if (settings.turnRealm.length > longestRealm(settings.turnMaxAmplification)) throw realmTooLong(settings);
    this.#metrics = createTurnMetrics(options.metrics);
    this.#tracer = options.tracer ?? NO_TRACER;
    const tenants = new TenantLabels(options.metrics, settings.metricsTenantLimit);
    this.#usage = new RelayUsageMetrics(options.metrics, this.#metrics.lifetime, tenants);
    this.#ports = new PortPool(settings.turnRelayPortMin, settings.turnRelayPortMax);
    this.#counters = Array.from({ length: settings.turnThreads }, () => new Counters());
    this.#authorization = new RelayAuthorization({
      control,
      registry: new QuotaRegistry(this.#quotas, KEEP_FACTOR * settings.turnGrantedMs),
      metrics: this.#metrics,
      tracer: this.#tracer,
      turnId: settings.instanceId,
      timeoutMs: settings.turnAuthorizeMs,
      nowMs: () => this.#clock.nowMs(),
    });
  }

  /** The ports that were opened; undefined before `listen`. */
  get ports(): OpenedPorts | undefined {
    return this.#opened;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  /** Opens the ports. @throws ConfigError when the settings do not go together, or an error when a port cannot be had */
  async listen(): Promise<OpenedPorts> {
    const { settings, logger, metrics } = this.#options;
    const machine = machineAddresses();
    const relays = relayAddresses(settings, machine);
    const certificate = await this.#certificate();
    const nonceKey = Uint8Array.from(randomBytes(NONCE_KEY_BYTES));
    const reservations = new Reservations().memory;
    const shared = settings.turnThreads > 1;
    const create = shared ? workerInOwnThread : workerInThisThread;
    this.#workers = this.#counters.map((counters, index) => {
      const memory = {
        ports: this.#ports.memory,
        reservations,
        quotas: this.#quotas.memory,
        counters: counters.memory,
      };
      const setup: WorkerSetup = {
        index,
        shared,
        relays,
        machine,
        nonceKey,
        certificate,
        memory,
        settings: ownSettings(settings),
      };
      return create(setup, (message) => this.#hear(index, message));
    });
    const opened = await Promise.all(this.#workers.map((worker) => worker.start()));
    this.#opened = opened[0]!;
    this.#stopCollecting = collectCounters(metrics, this.#counters, this.#ports);
    const announced = Object.values(relays).map((relay) => relay.announced);
    this.#probeAlternates([...settings.turnHosts, ...announced]);
    for (const family of familiesWithoutRelays(settings, relays))
      logger.warn(
        { family },
        'listening for clients of this family, but there are no relays of it: set MILLRACE_TURN_PUBLIC_ADDRESS',
      );
    logger.info({ ports: this.#opened, relays: announced, allowed_peers: settings.turnAllowedPeers }, 'TURN listening');
    return this.#opened;
  }

  /** A control message: what this subject has ends now. */
  revoke({ tenantId, subject }: RevokeRelay): void {
    this.#metrics.revocations.inc();
    this.#tellAll({ kind: 'revoke', tenantId, subject });
  }

  /** Number of current allocations. */
  get allocations(): number {
    return this.#counters.reduce((sum, each) => sum + each.read('allocations'), 0);
  }

  /** Refuses new allocations from now on; existing ones continue and can be refreshed. Idempotent. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#metrics.draining.set(1);
    this.#watcher?.stop();
    this.#tellAll({ kind: 'drain' });
  }

  /** Likewise, waits until those that there are have ended, at most `turnDrainMs`, and stops. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    const { turnDrainMs } = this.#options.settings;
    this.leave();
    const deadlineMs = this.#clock.nowMs() + turnDrainMs;
    while (this.allocations > 0 && this.#clock.nowMs() < deadlineMs) await delay(DRAIN_LOOK_MS);
    this.#prober?.stop();
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#stopCollecting?.();
  }

  /** @param own addresses of this server: one list may be set for all servers, and none sends clients to itself */
  #probeAlternates(own: readonly string[]): void {
    const { settings, logger } = this.#options;
    const isOwn = ({ address, port }: TransportAddress): boolean =>
      own.includes(address) && [this.#opened?.udp, settings.turnPort].includes(port);
    const servers = parseEndpoints(settings.turnAlternateServers).filter((server) => !isOwn(server));
    const prober = new AlternateProber({
      servers,
      open: openDgramSocket,
      onChange: (alternates, { server, state }) => {
        logger[state === 'healthy' ? 'info' : 'warn'](
          { server: `${server.address} ${server.port}`, state },
          'alternate server',
        );
        this.#useAlternates(alternates);
      },
      onNoSocket: (family, error) => logger.warn({ family, err: error }, 'alternate servers cannot be asked'),
    });
    this.#prober = prober;
    this.#useAlternates(prober.alternates);
    prober.start(settings.turnAlternateProbeMs);
  }

  #useAlternates(alternates: readonly AlternateHealth[]): void {
    for (const state of ALTERNATE_STATES)
      this.#metrics.alternates.set({ state }, alternates.filter((each) => each.state === state).length);
    this.#tellAll({ kind: 'alternates', servers: usableServers(alternates) });
  }

  #hear(index: number, message: FromWorker): void {
    const { logger } = this.#options;
    switch (message.kind) {
      case 'ask':
        return void this.#answer(index, message.username);
      case 'usage':
        this.#usage.told(message.usage);
        return this.#used(message.usage);
      case 'skipped':
        return logger.warn({ host: message.host, reason: message.reason }, 'not listening on this address');
      default:
        return undefined;
    }
  }

  #used({ life, ...usage }: AllocationUsage): void {
    const { control, settings } = this.#options;
    const { instanceId: turnId } = settings;
    control.relayUsage({ ...usage, turnId });
    if (life !== undefined) traceAllocation(this.#tracer, turnId, usage, life);
  }

  async #answer(index: number, username: string): Promise<void> {
    const answer = await this.#authorization.ask(username);
    this.#workers[index]?.tell({ kind: 'answered', username, answer });
  }

  #tellAll(message: ToWorker): void {
    for (const worker of this.#workers) worker.tell(message);
  }

  async #certificate(): Promise<Certificate | undefined> {
    const { settings, logger } = this.#options;
    this.#watcher = await CertificateWatcher.open({
      certificate: { variable: 'MILLRACE_TURN_TLS_CERT_FILE', file: settings.turnTlsCertFile },
      key: { variable: 'MILLRACE_TURN_TLS_KEY_FILE', file: settings.turnTlsKeyFile },
      metrics: this.#metrics,
      logger,
    });
    this.#watcher?.start(settings.turnTlsReloadMs, (certificate) =>
      this.#tellAll({ kind: 'certificate', certificate }),
    );
    return this.#watcher?.certificate;
  }
}

/** What is ours of the settings of a process that may have many more. */
function ownSettings(settings: TurnSettings): TurnSettings {
  const names = Object.keys(turnSettings.definitions) as (keyof TurnSettings)[];
  return Object.fromEntries(names.map((name) => [name, settings[name]])) as TurnSettings;
}

const portsReversed = (): ConfigError =>
  new ConfigError([
    { variable: 'MILLRACE_TURN_RELAY_PORT_MAX', fault: 'must not be below MILLRACE_TURN_RELAY_PORT_MIN' },
  ]);

function realmTooLong({ turnRealm, turnMaxAmplification: factor }: TurnSettings): ConfigError {
  const longest = longestRealm(factor);
  const room = longest < 1 ? 'no realm fits' : `at most ${longest} characters fit, not ${turnRealm.length},`;
  const fault = `${room} into an error that is ${factor} times as long as its request (MILLRACE_TURN_MAX_AMPLIFICATION): clients would get no answer over UDP`;
  return new ConfigError([{ variable: 'MILLRACE_TURN_REALM', fault }]);
}
