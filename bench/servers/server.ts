// What a figure needs of a server, whichever one it is.

export interface StartOptions {
  /** An empty folder of its own. */
  readonly workDir: string;
  /** The first of twenty free ports on 127.0.0.1. */
  readonly portBase: number;
  /** How many streams will be published. */
  readonly streams: number;
  /** Whether to make HLS; ingest alone otherwise, where the server can. */
  readonly hls: boolean;
  /** Whether the streams have low latency, where the server can. */
  readonly lowLatency: boolean;
}

export interface RunningServer {
  /** The processes that count, with all their children. */
  readonly pids: readonly number[];
  /** Arguments of mediaload that say where to publish. */
  readonly publishArgs: readonly string[];
  /** URL of a media playlist, with `%d` or `%p` for the stream. */
  readonly hlsUrl: string | undefined;
  /** URL of the first stream's media playlist. */
  readonly firstPlaylist: string | undefined;
  stop(): Promise<void>;
}

export interface Server {
  readonly name: string;
  readonly about: string;
  readonly makesHls: boolean;
  /** Whether it makes Low-Latency HLS. */
  readonly makesParts?: boolean;
  /** Whether it can take streams and make nothing of them. */
  readonly ingestsAlone: boolean;
  /** Why it cannot run here, or undefined. */
  missing(): string | undefined;
  version(): string;
  start(options: StartOptions): Promise<RunningServer>;
}

/** Runs a server for as long as it is used. @param hls whether it is to make HLS @param lowLatency with parts */
export type WithServer = <T>(
  server: Server,
  streams: number,
  hls: boolean,
  use: (running: RunningServer) => Promise<T>,
  lowLatency?: boolean,
) => Promise<T>;
