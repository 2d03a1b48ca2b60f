/** A process that a test or an operator's script holds in its hands. */
export interface ControlledProcess {
  readonly name: string;
  readonly running: boolean;
  /** Its number while it runs. */
  readonly pid: number | undefined;
  /** Starts it and waits until it is ready. */
  start(): Promise<void>;
  /** Asks it to stop, and makes it when it does not within its time. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Sends a signal and waits for nothing: SIGSTOP and SIGCONT, for example. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal that ends it, SIGKILL when not said otherwise, and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** `stop`, or `kill` when a signal is given, then `start`. */
  restart(signal?: NodeJS.Signals): Promise<void>;
}
