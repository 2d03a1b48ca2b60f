// A network of its own for one process, which can be cut: a Linux network namespace behind a pair of virtual interfaces.
import { spawnSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { findProgram } from '../processes/index.ts';

export class NetworkNamespace {
  readonly #name: string;
  readonly #inner: string;
  readonly #relays: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** This machine's address in the network between. */
  readonly hostAddress: string;
  /** The address of what runs in the namespace. */
  readonly address: string;

  private constructor(id: number) {
    this.#name = `millrace-chaos-${id}`;
    this.#inner = `mrc${id}in`;
    const network = `10.213.${id % 256}`;
    this.hostAddress = `${network}.1`;
    this.address = `${network}.2`;
  }

  /** @returns why not, where the machine does not allow it */
  static open(): NetworkNamespace | string {
    if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
    if (findProgram('ip') === undefined) return 'the program ip (Debian package iproute2) is not installed';
    const namespace = new NetworkNamespace(process.pid);
    const fault = namespace.#create();
    if (fault === undefined) return namespace;
    namespace.#remove();
    return `a network namespace cannot be made: ${fault}`;
  }

  /** What a command stands behind to run in it. */
  get prefix(): readonly string[] {
    return [findProgram('ip') ?? 'ip', 'netns', 'exec', this.#name];
  }

  /** Leads what comes to this port of `hostAddress` on to the same port of 127.0.0.1. */
  async relay(port: number): Promise<void> {
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.once('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
    this.#relays.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.hostAddress, resolve);
    });
  }

  /** Nothing gets in or out any more, and neither side is told. */
  cut(): void {
    this.#link('down');
  }

  heal(): void {
    this.#link('up');
  }

  close(): void {
    for (const relay of this.#relays) relay.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#remove();
  }

  #create(): string | undefined {
    const outer = `mrc${process.pid}out`;
    const steps: readonly (readonly string[])[] = [
      ['netns', 'add', this.#name],
      ['link', 'add', outer, 'type', 'veth', 'peer', 'name', this.#inner, 'netns', this.#name],
      ['addr', 'add', `${this.hostAddress}/30`, 'dev', outer],
      ['link', 'set', outer, 'up'],
      ['-n', this.#name, 'addr', 'add', `${this.address}/30`, 'dev', this.#inner],
      ['-n', this.#name, 'link', 'set', 'lo', 'up'],
      ['-n', this.#name, 'link', 'set', this.#inner, 'up'],
    ];
    for (const step of steps) {
      const fault = ip(step);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #link(state: 'up' | 'down'): void {
    const fault = ip(['-n', this.#name, 'link', 'set', this.#inner, state]);
    if (fault !== undefined) throw new Error(`the network cannot be set ${state}: ${fault}`);
  }

  /** The interfaces go with it. */
  #remove(): void {
    ip(['netns', 'del', this.#name]);
  }
}

function ip(args: readonly string[]): string | undefined {
  const { status, stderr } = spawnSync(findProgram('ip') ?? 'ip', args, { encoding: 'utf8' });
  return status === 0 ? undefined : stderr.trim();
}
