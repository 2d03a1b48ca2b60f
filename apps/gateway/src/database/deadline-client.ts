// A connection to PostgreSQL whose deadlines do not count the time in which this process could not read what the server had answered.
import { Socket } from 'node:net';
import { FairDeadline } from '@millrace/domain';
import pg from 'pg';

export interface ClientDeadlines {
  /** How long connecting may take, in milliseconds. */
  readonly connectMs: number;
  /** How long the reply to a query may take, in milliseconds; undefined: as long as it takes. */
  readonly queryMs: number | undefined;
}

type Call<T> = (...args: unknown[]) => T;

/** Words by which `isConnectionFailure` knows them. */
const CONNECT_LATE = 'connection terminated due to connection timeout';
const QUERY_LATE = 'query read timeout';

/** For `connectionTimeoutMillis` and `query_timeout` of the driver, which are plain timers, the pool makes connections of this kind. */
export function deadlineClient({ connectMs, queryMs }: ClientDeadlines): new (config?: pg.ClientConfig) => pg.Client {
  return class DeadlineClient extends pg.Client {
    readonly #socket: Socket;

    constructor(config: pg.ClientConfig = {}) {
      const socket = new Socket();
      super({ ...config, stream: () => socket });
      this.#socket = socket;
    }

    override connect<T>(...args: unknown[]): T {
      const connect: unknown = super.connect.bind(this);
      return this.#guarded(connect as Call<T>, args, connectMs, CONNECT_LATE);
    }

    override query<T>(...args: unknown[]): T {
      const query: unknown = super.query.bind(this);
      return this.#guarded(query as Call<T>, args, queryMs, QUERY_LATE);
    }

    /** When the reply is late, so are those to the queries behind it: the connection is given up, and every one of them fails. */
    #guarded<T>(call: Call<T>, args: unknown[], ms: number | undefined, message: string): T {
      if (ms === undefined) return call(...args);
      const deadline = new FairDeadline(ms, () => this.#socket.destroy(new Error(message)));
      const clear = (): void => deadline.clear();
      const callback = args.at(-1);
      if (typeof callback === 'function')
        return call(...args.slice(0, -1), (...reply: unknown[]) => {
          clear();
          (callback as Call<void>)(...reply);
        });
      const reply = call(...args);
      if (reply instanceof Promise) reply.then(clear, clear);
      return reply;
    }
  };
}
