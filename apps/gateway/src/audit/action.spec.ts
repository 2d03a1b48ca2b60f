import { expect, it } from 'vitest';
import { actionOf } from './action.ts';

it.each([
  ['POST', '/v1/live_streams', 'live_stream.create'],
  ['PATCH', '/v1/live_streams/:live_stream_id', 'live_stream.update'],
  ['DELETE', '/v1/live_streams/:live_stream_id/stream_keys/:stream_key_id', 'stream_key.delete'],
  ['POST', '/v1/live_streams/:live_stream_id/stream_keys/:stream_key_id/rotate', 'stream_key.rotate'],
  ['POST', '/v1/rooms/:room_id/tokens', 'token.create'],
  ['POST', '/v1/rooms/:room_id/end', 'room.end'],
  ['PUT', '/v1/tenants/:tenant_id/publish_authorizer', 'publish_authorizer.set'],
  ['POST', '/v1/tenants/:tenant_id/publish_authorizer/rotate_secret', 'publish_authorizer.rotate_secret'],
  ['POST', '/v1/webhook_deliveries/:webhook_delivery_id/redeliver', 'webhook_delivery.redeliver'],
])('%s %s is %s', (method, route, action) => {
  expect(actionOf(method, route)).toBe(action);
});
