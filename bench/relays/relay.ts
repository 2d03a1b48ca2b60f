// What a figure needs of a relay, whichever one it is.

export interface RelayOptions {
  /** An empty folder of its own. */
  readonly workDir: string;
  /** The first of forty free ports on 127.0.0.1. */
  readonly portBase: number;
  readonly flows: number;
  readonly threads: 1 | 2;
}

export interface RunningRelay {
  /** The processes that count, with all their children. */
  readonly pids: readonly number[];
  /** Arguments of relayload that say where it is and how to speak to it. */
  readonly loadArgs: readonly string[];
  /** For clients that allocate as browsers do: undefined where there is no TURN. */
  readonly turn?: {
    readonly port: number;
    readonly username: (client: number) => string;
    readonly password: string;
  };
  stop(): Promise<void>;
}

export interface Relay {
  readonly name: string;
  readonly about: string;
  /** How many threads it can be told to use. */
  readonly threads: readonly (1 | 2)[];
  /** It may drop ChannelData that comes from clients. */
  readonly directions: readonly ('up' | 'down')[];
  /** Why it cannot run here, or undefined. */
  missing(): string | undefined;
  version(): string;
  start(options: RelayOptions): Promise<RunningRelay>;
}
