// A school behind one NAT: every client allocates at the same moment, from one address.
import { TurnClient, udpLink } from '@millrace/turn/testing';
import type { RunningRelay } from '../relays/relay.ts';

export const CROWD = 400;

export interface ServedCrowd {
  readonly medianMs: number;
  readonly lastMs: number;
}

/** Clients repeat what is not answered after a second. @throws when one of them is not served */
export async function serveCrowd({
  port,
  username,
  password,
}: NonNullable<RunningRelay['turn']>): Promise<ServedCrowd> {
  const links = await Promise.all(Array.from({ length: CROWD }, () => udpLink('127.0.0.1', port)));
  const clients = links.map((link, i) => new TurnClient(link, { username: username(i), password }));
  const since = performance.now();
  const served = clients.map(async (client) => {
    await client.relay();
    return performance.now() - since;
  });
  try {
    const times = (await Promise.all(served)).toSorted((a, b) => a - b);
    return { medianMs: times[CROWD / 2]!, lastMs: times.at(-1)! };
  } finally {
    for (const client of clients) client.close();
  }
}
