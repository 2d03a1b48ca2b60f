// Control messages between the services of one process: the same controllers as over NATS, no network.
import { InProcessBus } from './in-process-bus.ts';
import { InProcessClient } from './in-process-client.ts';
import { InProcessServer } from './in-process-server.ts';

export class InProcessControl {
  readonly #bus = new InProcessBus();

  /**
   * A server strategy for `app.connectMicroservice({ strategy }, { inheritAppConfig: true })`.
   *
   * @param queue servers of one queue share messages; without one, a server hears all of them
   */
  server(queue?: string): InProcessServer {
    return new InProcessServer(this.#bus, queue);
  }

  /** A client whose messages reach the servers of this instance. */
  client(): InProcessClient {
    return new InProcessClient(this.#bus);
  }
}
