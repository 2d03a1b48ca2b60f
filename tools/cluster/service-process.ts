// Millrace's own services as processes: the built main.js of an app with its settings.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { answersOk, ManagedProcess } from '../processes/index.ts';
import { SERVICE_NODE_ARGUMENTS } from '../setup/node-arguments.mjs';

const root = resolve(import.meta.dirname, '../..');

export interface ServiceOptions {
  /** `edge-1`: also its instance id. */
  readonly name: string;
  readonly app: 'rtmp-edge' | 'rtsp-edge' | 'srt-edge' | 'packager' | 'gateway' | 'signaling' | 'turn';
  readonly metricsPort: number;
  /** Where its admin port listens: 127.0.0.1 when not given. */
  readonly metricsHost?: string;
  /** Its main file: that of the built app when not given. */
  readonly main?: string;
  /** Read at each start. */
  readonly env: () => Readonly<Record<string, string>>;
}

/** How a service is run: as a process of this machine, or in a container, for example. */
export type RunService = (options: ServiceOptions) => ManagedProcess;

/** @param prefix what the command stands behind: a program that runs it in a memory limit, for example */
export function serviceProcess(options: ServiceOptions, prefix: readonly string[] = []): ManagedProcess {
  const { name, app, metricsPort, metricsHost, env } = options;
  const { main = join(root, 'apps', app, 'dist', 'main.js') } = options;
  if (!existsSync(main)) throw new Error(`${main} is not built: run "npm run build"`);
  const [command, ...args] = [...prefix, process.execPath, ...SERVICE_NODE_ARGUMENTS, main];
  return new ManagedProcess({
    name,
    command: command ?? process.execPath,
    args,
    cwd: root,
    env: () => ({
      ...env(),
      MILLRACE_INSTANCE_ID: name,
      MILLRACE_METRICS_PORT: String(metricsPort),
      ...(metricsHost !== undefined && { MILLRACE_METRICS_HOST: metricsHost }),
    }),
    isReady: () => answersOk(`http://${metricsHost ?? '127.0.0.1'}:${metricsPort}/readyz`),
  });
}
