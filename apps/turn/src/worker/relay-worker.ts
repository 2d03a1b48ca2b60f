// A relaying thread, or the same in the thread of the process: sockets around the server, and words to the process.
import { onSharedBeatWhile } from '@millrace/domain';
import type { WorkBeat } from '@millrace/domain';
import { SocketRelays } from '../transport/socket-relays.ts';
import { SocketTcpRelays } from '../transport/socket-tcp-relays.ts';
import { PortPool } from '../allocation/port-pool.ts';
import { Reservations } from '../allocation/reservations.ts';
import { discoveryAddresses, peerPolicies } from '../addresses.ts';
import { Credentials } from '../auth/credentials.ts';
import { Nonces } from '../auth/nonce.ts';
import { systemClock } from '../clock.ts';
import { coreSettings, credentialSettings } from '../core-of-settings.ts';
import { QuotaSlots } from '../limits/quota-slots.ts';
import { Counters } from '../counters.ts';
import { ClientListeners } from './client-listeners.ts';
import { socketsOf } from '../transport/batched-socket.ts';
import { datagramPasses } from '../transport/datagram-passes.ts';
import type { DatagramPasses } from '../transport/datagram-passes.ts';
import { openDgramSocket } from '../transport/dgram-socket.ts';
import type { OpenUdpSocket } from '../transport/udp-socket.ts';
import { TurnServer } from '../turn-server.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts';

const TICK_MS = 500;

export class RelayWorker {
  readonly #setup: WorkerSetup;
  readonly #tell: (message: FromWorker) => void;
  readonly #server: TurnServer;
  readonly #listeners: ClientListeners;
  readonly #passes: DatagramPasses | undefined;
  /** What clients come to; known once it is opened. */
  readonly #ownPorts: number[] = [];
  #ticks: WorkBeat | undefined;

  constructor(setup: WorkerSetup, tell: (message: FromWorker) => void) {
    this.#setup = setup;
    this.#tell = tell;
    const { settings, memory } = setup;
    const clock = systemClock();
    const counters = new Counters(memory.counters);
    const ports = new PortPool(settings.turnRelayPortMin, settings.turnRelayPortMax, memory.ports);
    const ask = (username: string): void => tell({ kind: 'ask', username });
    this.#passes = settings.turnUdpBatches ? datagramPasses(settings.turnUdpBatchesFrom) : undefined;
    const openSocket = this.#passes ? socketsOf(this.#passes) : openDgramSocket;
    const unsent = { maxBytes: settings.turnMaxUnsentBytes, onDropped: () => counters.met('max_unsent_bytes') };
    const openUdp: OpenUdpSocket = (options, onDatagram, onArrived) =>
      openSocket({ ...options, unsent }, onDatagram, onArrived);
    const discovery = discoveryAddresses(settings);
    this.#server = new TurnServer({
      clock,
      counters,
      ports,
      discovery,
      settings: coreSettings(settings),
      reservations: new Reservations(memory.reservations),
      quotas: new QuotaSlots(memory.quotas),
      ...peerPolicies(settings, setup.relays, setup.machine, this.#ownPorts),
      nonces: new Nonces(setup.nonceKey, settings.turnNonceMs),
      credentials: new Credentials(credentialSettings(settings), clock, counters, ask),
      relays: new SocketRelays(setup.relays, openUdp, settings.turnRelayBufferBytes, ports),
      // A client's second connection might reach another thread than its first.
      tcpRelays: settings.turnTcpRelays && !setup.shared ? new SocketTcpRelays(setup.relays) : undefined,
      namePrefix: `${setup.index}-`,
      onUsage: (usage) => tell({ kind: 'usage', usage }),
      onRequest: () => this.#ticks?.wake(),
    });
    this.#listeners = new ClientListeners({
      settings,
      counters,
      server: this.#server,
      openUdp,
      shared: setup.shared,
      certificate: setup.certificate,
      onSkipped: (host, reason) => tell({ kind: 'skipped', host, reason }),
    });
  }

  async start(): Promise<void> {
    const ports = await this.#listeners.open();
    const { turnAlternateHosts, turnAlternatePort } = this.#setup.settings;
    this.#ownPorts.push(ports.udp, ports.tcp, ...(ports.tls === undefined ? [] : [ports.tls]));
    if (turnAlternateHosts) this.#ownPorts.push(turnAlternatePort);
    this.#ticks = onSharedBeatWhile(
      TICK_MS,
      () => this.#server.hasTimers,
      () => this.#server.tick(),
    );
    this.#tellOfBatches();
    this.#tell({ kind: 'listening', ports });
  }

  handle(message: ToWorker): void {
    this.#ticks?.wake();
    switch (message.kind) {
      case 'answered':
        return this.#server.answered(message.username, message.answer);
      case 'revoke':
        return message.subject === undefined
          ? this.#server.recheck(message.tenantId)
          : void this.#server.revoke(message.tenantId, message.subject);
      case 'certificate':
        return this.#listeners.replaceCertificate(message.certificate);
      case 'alternates':
        return this.#server.useAlternates(message.servers);
      case 'drain':
        return this.#server.drain();
      case 'stop':
        return this.#stop();
    }
  }

  #tellOfBatches(): void {
    // A socket may have had no descriptor that could be found.
    this.#tell({ kind: 'batches', inUse: this.#passes?.isUsed === true });
    if (this.#passes !== undefined) this.#passes.batches.onDenied = () => this.#tell({ kind: 'batches_denied' });
  }

  #stop(): void {
    this.#ticks?.stop();
    this.#server.close();
    this.#listeners.close();
    this.#tell({ kind: 'stopped' });
  }
}
