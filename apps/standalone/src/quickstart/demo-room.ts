// The room of the quickstart, and the link into it.
import type { Quickstart } from './quickstart.ts';
import { RestClient, RestError, textOf } from './rest-client.ts';

/** As long as a token may hold where nothing else is set; each start makes a new one. */
const TOKEN_SECONDS = 30 * 24 * 60 * 60;

type DemoRoom = Pick<Quickstart, 'room_id' | 'call_url'>;

/**
 * A token for the room of last time; or a new room, when there is none, or it was ended.
 *
 * @returns nothing when the demo tenant's key does not work any more: an operator who has deleted it wants no demo room either
 */
export async function ensureDemoRoom(apiUrl: string, { api_key, room_id }: Quickstart): Promise<DemoRoom> {
  const tenant = new RestClient(apiUrl, api_key);
  try {
    const kept = room_id === undefined ? undefined : await linkInto(tenant, room_id);
    return kept ?? (await makeRoom(tenant));
  } catch (error) {
    if (isAnswer(error, 401, 403)) return { room_id, call_url: undefined };
    throw error;
  }
}

async function makeRoom(tenant: RestClient): Promise<DemoRoom> {
  const roomId = textOf(await tenant.post('/v1/rooms', { name: 'demo' }), 'id');
  return (await linkInto(tenant, roomId)) ?? { room_id: roomId };
}

/** @returns undefined when the room is gone, or was ended */
async function linkInto(tenant: RestClient, roomId: string): Promise<DemoRoom | undefined> {
  const tokens = `/v1/rooms/${roomId}/tokens`;
  try {
    const token = await tenant
      .post(tokens, { ttl_seconds: TOKEN_SECONDS })
      // The server may have a lower limit: then as long as it gives by itself.
      .catch((error: unknown) => {
        if (isAnswer(error, 400)) return tenant.post(tokens, {});
        throw error;
      });
    return { room_id: roomId, call_url: textOf(token, 'call_url') };
  } catch (error) {
    if (isAnswer(error, 404, 409)) return undefined;
    throw error;
  }
}

const isAnswer = (error: unknown, ...statuses: number[]): boolean =>
  error instanceof RestError && error.status !== undefined && statuses.includes(error.status);
