// kubectl with one kubeconfig.
import { spawn } from 'node:child_process';
import { stringify } from 'yaml';
import type { KubernetesObject } from './nodes.ts';

/** What a command that did not succeed said. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';

  readonly output: string;

  constructor(command: string, output: string) {
    super(`${command} failed:\n${output}`);
    this.output = output;
  }
}

export class Kubectl {
  readonly program: string;
  readonly kubeconfig: string;

  constructor(program: string, kubeconfig: string) {
    this.program = program;
    this.kubeconfig = kubeconfig;
  }

  /** @returns what it printed @throws {CommandFailed} */
  run(args: readonly string[], input = ''): Promise<string> {
    return runCommand(this.program, ['--kubeconfig', this.kubeconfig, ...args], input);
  }

  async get<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(['get', ...args, '--output', 'json'])) as T;
  }

  apply(objects: readonly KubernetesObject[], args: readonly string[] = []): Promise<string> {
    const documents = objects.map((object) => stringify(object)).join('---\n');
    return this.run(['apply', '--server-side', '--filename', '-', ...args], documents);
  }
}

/** @returns what it printed @throws {CommandFailed} with all that it said */
export function runCommand(
  program: string,
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { env: { ...process.env, ...env } });
    let printed = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    child.once('error', failed);
    child.once('close', (code) => {
      if (code === 0) done(printed);
      else failed(new CommandFailed([program, ...args].join(' '), `${printed}\n${complaints}`.trim()));
    });
    // One that fails at once does not read.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
