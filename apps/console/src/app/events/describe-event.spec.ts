import { expect, it } from 'vitest';
import { aboutEvent, describeEventType } from './describe-event.ts';

it.each([
  ['live_stream.rejected', 'Live stream: rejected'],
  ['room.started', 'Room: started'],
  ['quota.threshold_reached', 'Quota: threshold reached'],
])('%s', (type, text) => {
  expect(describeEventType(type)).toBe(text);
});

it.each([
  [{ id: 'str_1', name: 'Stage' }, 'Stage'],
  [{ id: 'str_1', reason: 'already_publishing' }, 'str_1 (already publishing)'],
  [{ id: 'str_1', warning: { code: 'no_idr' } }, 'str_1 (no idr)'],
  [{ id: 'whe_1', url: 'https://example.com/' }, 'https://example.com/'],
])('what %j is about', (object, text) => {
  expect(aboutEvent({ data: { object } })).toBe(text);
});
