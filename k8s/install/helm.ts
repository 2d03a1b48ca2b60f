// Helm against the control plane of the tests.
import { ensureHelm } from '@millrace/tools/go-tools';
import { runCommand } from '../control-plane/kubectl.ts';
import { CHART } from '../paths.ts';

export interface Release {
  readonly name: string;
  readonly namespace: string;
}

/** Pods of nodes that kwok plays run at once, and the machine may be busy with other things: what takes longer never comes. */
const TIMEOUT = '5m';

export class Helm {
  readonly program: string;
  readonly chart = CHART;
  readonly #kubeconfig: string;

  private constructor(program: string, kubeconfig: string) {
    this.program = program;
    this.#kubeconfig = kubeconfig;
  }

  static async with(kubeconfig: string): Promise<Helm> {
    return new Helm(await ensureHelm(), kubeconfig);
  }

  run(args: readonly string[]): Promise<string> {
    return runCommand(this.program, args, '', { KUBECONFIG: this.#kubeconfig });
  }

  /** All objects as they would be installed, hooks and tests too; `lookup` finds what is in the cluster. */
  template({ name, namespace }: Release, values: readonly string[]): Promise<string> {
    return this.run(['template', name, CHART, '--namespace', namespace, '--dry-run=server', ...filesOf(values)]);
  }

  install({ name, namespace }: Release, values: readonly string[], set: readonly string[] = []): Promise<string> {
    return this.run([
      'install',
      name,
      CHART,
      '--namespace',
      namespace,
      ...waiting,
      ...filesOf(values),
      ...settings(set),
    ]);
  }

  upgrade({ name, namespace }: Release, values: readonly string[], set: readonly string[] = []): Promise<string> {
    return this.run([
      'upgrade',
      name,
      CHART,
      '--namespace',
      namespace,
      ...waiting,
      ...filesOf(values),
      ...settings(set),
    ]);
  }

  rollback({ name, namespace }: Release, revision: number): Promise<string> {
    return this.run(['rollback', name, String(revision), '--namespace', namespace, ...waiting]);
  }

  uninstall({ name, namespace }: Release): Promise<string> {
    return this.run(['uninstall', name, '--namespace', namespace, ...waiting]);
  }
}

const waiting = ['--wait', '--timeout', TIMEOUT] as const;
const filesOf = (values: readonly string[]): readonly string[] => values.flatMap((file) => ['--values', file]);
const settings = (set: readonly string[]): readonly string[] => set.flatMap((each) => ['--set', each]);
