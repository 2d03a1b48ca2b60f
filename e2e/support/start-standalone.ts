// `npm start` as a test runs it: the built program as a child process, with ports and a data folder of its own.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { quickstartFile, readQuickstart } from '@millrace/standalone/quickstart';
import type { Quickstart } from '@millrace/standalone/quickstart';
import { answersOk, freePorts, ManagedProcess } from '@millrace/tools/processes';
import type { LineLog } from '@millrace/tools/processes';
import { temporaryFolder } from './temporary-folder.ts';

const root = resolve(import.meta.dirname, '../..');

export interface StandaloneOptions {
  /** Settings, over those of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its command line, `--demo` for example. */
  readonly args?: readonly string[];
  /** Kept when given; else a temporary one that `stop` removes. */
  readonly dataFolder?: string;
}

export interface Standalone {
  readonly quickstart: Quickstart;
  readonly dataFolder: string;
  readonly ports: Readonly<
    Record<'http' | 'rtmp' | 'rtmps' | 'rtsp' | 'srt' | 'metrics' | 'signaling' | 'turn' | 'turnTls', number>
  >;
  readonly process: ManagedProcess;
  readonly logs: LineLog;
  /** Stops it as Ctrl-C would, and removes what the test left. */
  stop(): Promise<void>;
  /** Kills it without a word. The data folder stays. */
  kill(): Promise<void>;
  /** Stops or kills it and starts it again on the same ports and data. */
  restart(signal?: NodeJS.Signals): Promise<void>;
}

export async function startStandalone(options: StandaloneOptions = {}): Promise<Standalone> {
  const temporary = options.dataFolder === undefined ? temporaryFolder('standalone') : undefined;
  const dataFolder = options.dataFolder ?? join(temporary?.path ?? '', 'data');
  const [http = 0, rtmp = 0, rtmps = 0, metrics = 0, rtsp = 0, srt = 0, ...call] = await freePorts(9);
  const [signaling = 0, turn = 0, turnTls = 0] = call;
  const main = join(root, 'apps/standalone/dist/main.js');
  if (!existsSync(main)) throw new Error(`${main} is not built: run "npm run build"`);
  const process_ = new ManagedProcess({
    name: 'standalone',
    command: process.execPath,
    args: ['--enable-source-maps', main, ...(options.args ?? [])],
    cwd: root,
    env: () => ({
      MILLRACE_HTTP_PORT: String(http),
      MILLRACE_RTMP_PORT: String(rtmp),
      MILLRACE_RTMPS_PORT: String(rtmps),
      MILLRACE_RTSP_PORT: String(rtsp),
      MILLRACE_SRT_PORT: String(srt),
      MILLRACE_METRICS_PORT: String(metrics),
      MILLRACE_SIGNALING_PORT: String(signaling),
      MILLRACE_TURN_PORT: String(turn),
      MILLRACE_TURN_TLS_PORT: String(turnTls),
      MILLRACE_DATA_DIR: dataFolder,
      ...options.env,
    }),
    isReady: async () =>
      existsSync(quickstartFile(dataFolder)) && (await answersOk(`http://127.0.0.1:${metrics}/readyz`)),
  });
  await process_.start();
  const quickstart = readQuickstart(quickstartFile(dataFolder));
  if (quickstart === undefined) throw new Error(`no quickstart.json in ${dataFolder}`);
  return {
    quickstart,
    dataFolder,
    ports: { http, rtmp, rtmps, rtsp, srt, metrics, signaling, turn, turnTls },
    process: process_,
    logs: process_.logs,
    stop: async () => {
      await process_.stop();
      temporary?.remove();
    },
    kill: () => process_.kill('SIGKILL'),
    restart: (signal) => process_.restart(signal),
  };
}
