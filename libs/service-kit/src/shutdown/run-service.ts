// The life of a process: start, run, stop in order on the first signal, end at once on the second.
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../config/config-error.ts';
import type { Logger } from '../logging/logger.ts';

export interface ServiceLife {
  /** Starts everything. When it fails, the process ends with code 1. */
  start(): Promise<void>;
  /** Stops everything in order: not ready, door closed, work handed over, connections closed. Called once. */
  stop(signal: string): Promise<void>;
  /** How long `stop` may take, in milliseconds; then the process ends with code 1. */
  readonly graceMs: number;
  /** For what goes wrong; standard error when not given. */
  readonly logger?: Logger;
}

/** SIGHUP comes when the terminal is closed: a stop as any other. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const SIGNAL_NUMBERS = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const;

/** How long a stop waits for a start to finish, so that what is half open is closed in order. */
const START_PATIENCE_MS = 3_000;

function tell(logger: Logger | undefined, error: unknown, message: string): void {
  const fault = portFault(error);
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else if (fault !== undefined && logger) logger.fatal(`${message}: ${fault}`);
  else if (fault !== undefined) process.stderr.write(`${message}: ${fault}\n`);
  else if (logger) logger.fatal({ err: error }, message);
  else process.stderr.write(`${message}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** A port that cannot be opened is a fault of the set-up: a stack trace would hide the one thing to know. */
function portFault(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error && 'port' in error)) return undefined;
  const { code, port } = error;
  const address = 'address' in error ? ` on ${String(error.address)}` : '';
  if (code === 'EADDRINUSE') return `port ${String(port)}${address} is taken by another program`;
  if (code === 'EACCES') return `port ${String(port)}${address} cannot be opened by this user`;
  return undefined;
}

/**
 * Runs a service until a signal ends it. The first SIGTERM, SIGINT or SIGHUP stops it gracefully, also while it still starts; a
 * second one ends the process at once. An unhandled error ends the process too: its state cannot be trusted.
 */
export async function runService(life: ServiceLife): Promise<void> {
  let stopping = false;
  let started: Promise<void> = Promise.resolve();

  const stopFor = async (signal: (typeof SIGNALS)[number]): Promise<void> => {
    if (stopping) process.exit(128 + SIGNAL_NUMBERS[signal]);
    stopping = true;
    setTimeout(() => {
      tell(life.logger, new Error(`still stopping after ${life.graceMs} ms`), 'the grace time is over');
      process.exit(1);
    }, life.graceMs).unref();
    try {
      // A start may wait for what it depends on, however long that is away: a stop does not.
      await Promise.race([started, delay(START_PATIENCE_MS, undefined, { ref: false })]);
      await life.stop(signal);
      process.exit(0);
    } catch (error) {
      tell(life.logger, error, 'the service did not stop cleanly');
      process.exit(1);
    }
  };
  for (const signal of SIGNALS) process.on(signal, () => void stopFor(signal));

  const fail = (error: unknown): void => {
    tell(life.logger, error, 'unhandled error');
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  started = life.start();
  try {
    await started;
  } catch (error) {
    if (stopping) return;
    tell(life.logger, error, 'the service did not start');
    process.exit(1);
  }
}
