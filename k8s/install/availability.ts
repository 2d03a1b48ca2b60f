// Watches workloads while something happens to them, and notes when one had fewer pods than it is to have.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Kubectl } from '../control-plane/kubectl.ts';

export class AvailabilityWatch {
  /** The least number of available pods, by the name of their Deployment. */
  readonly least = new Map<string, number>();
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when the present state has been seen. */
  static async start(kubectl: Kubectl, namespace: string): Promise<AvailabilityWatch> {
    const format = "jsonpath={.metadata.name}={.status.availableReplicas}{'\\n'}";
    const args = ['get', 'deployments', '--namespace', namespace, '--watch', '--output', format];
    const child = spawn(kubectl.program, ['--kubeconfig', kubectl.kubeconfig, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const watch = new AvailabilityWatch(child);
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach((line) => watch.#note(line));
    });
    await once(child.stdout, 'data');
    return watch;
  }

  async stop(): Promise<void> {
    this.#child.kill();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  #note(line: string): void {
    const [name = '', count = ''] = line.split('=');
    // None is left out of the status.
    this.least.set(name, Math.min(this.least.get(name) ?? Infinity, Number(count)));
  }
}
