import { expect, it } from 'vitest';
import { TypedEvents } from './typed-events.ts';

it('tells every listener, until it is taken away', () => {
  const events = new TypedEvents<{ number: number }>();
  const heard: string[] = [];
  const off = events.on('number', (value) => {
    heard.push(`a${value}`);
    off();
  });
  events.on('number', (value) => heard.push(`b${value}`));
  events.emit('number', 1);
  events.emit('number', 2);
  expect(heard).toEqual(['a1', 'b1', 'b2']);
});
