// The order in which the application stops: no new sockets, then the participants, then the port.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { sampleRoom } from './testing/test-gateway.ts';
import { TestSignaling } from './testing/test-pod.ts';

let signaling: TestSignaling;
afterEach(() => signaling.close());

it('refuses newcomers, serves its participants until they have left, and closes its port last', async () => {
  signaling = await TestSignaling.start({ signalingDrainMs: 60_000 }, 2);
  const [pod, other] = signaling.pods;
  const room = sampleRoom();
  const token = signaling.gateway.token(room);
  const beganMs = performance.now();
  const { client } = await TestClient.join(pod!.port, token);
  const joinedMs = performance.now();
  const elsewhere = await TestClient.join(other!.port, token);
  let isClosed = false;
  const closed = pod!.app.close().then(() => (isClosed = true));
  expect(await client.one('go_away')).toEqual({ type: 'go_away', reason: 'draining' });
  await expect(TestClient.connect(pod!.port)).rejects.toThrow('503');

  client.send({ type: 'chat', text: 'still here', id: '1' });
  expect(await elsewhere.client.one('chat')).toMatchObject({ text: 'still here' });
  expect(isClosed).toBe(false);

  const seconds = (performance.now() - joinedMs) / 1_000;
  client.close();
  elsewhere.client.close();
  await closed;
  // The one server reports when it ends what the other one has not reported yet.
  const [counted] = signaling.gateway.usage.flatMap(({ amounts }) => amounts);
  expect(counted).toMatchObject({ tenantId: room.tenantId, kind: 'participant_seconds' });
  expect(counted!.amount).toBeLessThanOrEqual((performance.now() - beganMs) / 1_000);
  expect(counted!.amount).toBeGreaterThanOrEqual(seconds);
  const socket = connect({ host: '127.0.0.1', port: pod!.port });
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});
