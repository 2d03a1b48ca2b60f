// What an operator, or an accident, does to a running NATS.
import { jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** Does something on a connection of its own. */
export async function administer(url: string, act: (manager: JetStreamManager) => Promise<void>): Promise<void> {
  const connection = await connect({ servers: new URL(url).host });
  try {
    await act(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}
