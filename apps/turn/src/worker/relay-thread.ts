// The beginning of a relaying thread.
import { parentPort, workerData } from 'node:worker_threads';
import { RelayWorker } from './relay-worker.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts';

const port = parentPort;
if (!port) throw new Error('this file is the beginning of a thread');
const tell = (message: FromWorker): void => port.postMessage(message);
const worker = new RelayWorker(workerData as WorkerSetup, tell);

port.on('message', (message: ToWorker) => {
  worker.handle(message);
  // With its sockets and its port closed the thread has nothing to do any more, and ends.
  if (message.kind === 'stop') port.close();
});
worker.start().catch((error: unknown) => {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  port.close();
});
