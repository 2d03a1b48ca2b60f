// A relaying worker as the process sees it: in this thread, or in one of its own.
import { Worker } from 'node:worker_threads';
import { RelayWorker } from './relay-worker.ts';
import type { FromWorker, OpenedPorts, ToWorker, WorkerSetup } from './worker-messages.ts';

export interface WorkerLink {
  /** Opens its ports. @throws when one cannot be had */
  start(): Promise<OpenedPorts>;
  tell(message: ToWorker): void;
  /** Ends everything it has. */
  stop(): Promise<void>;
}

export type OnWorkerMessage = (message: FromWorker) => void;

export function workerInThisThread(setup: WorkerSetup, onMessage: OnWorkerMessage): WorkerLink {
  let opened: OpenedPorts | undefined;
  const worker = new RelayWorker(setup, (message) => {
    if (message.kind === 'listening') opened = message.ports;
    else onMessage(message);
  });
  return {
    start: async () => {
      await worker.start();
      if (!opened) throw new Error('the worker does not say what it listens on');
      return opened;
    },
    tell: (message) => worker.handle(message),
    stop: async () => {
      worker.handle({ kind: 'stop' });
      return Promise.resolve();
    },
  };
}

/** The sources as they are in development and tests, else what was built of them. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './relay-thread.ts' : './relay-thread.js', import.meta.url);

export function workerInOwnThread(setup: WorkerSetup, onMessage: OnWorkerMessage): WorkerLink {
  const thread = new Worker(THREAD, { workerData: setup, name: `turn-${setup.index}` });
  let stopping = false;
  thread.on('message', (message: FromWorker) => onMessage(message));
  // An error that was not handled in the thread leaves the process in a state that cannot be trusted.
  thread.on('error', (error) => {
    throw error;
  });
  thread.on('exit', (code) => {
    if (!stopping) throw new Error(`a relaying thread ended with code ${code}`);
  });
  return {
    start: () =>
      new Promise<OpenedPorts>((resolve, reject) => {
        const hear = (message: FromWorker): void => {
          if (message.kind === 'listening') resolve(message.ports);
          else if (message.kind === 'failed') reject(new Error(message.message));
          else return;
          thread.off('message', hear);
        };
        thread.on('message', hear);
      }),
    tell: (message) => thread.postMessage(message),
    stop: async () => {
      stopping = true;
      const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
      thread.postMessage({ kind: 'stop' } satisfies ToWorker);
      await ended;
    },
  };
}
