import { describe, expect, it } from 'vitest';
import { ServerSentEventParser } from './server-sent-events.ts';

const stream = [
  ': a comment\n\n',
  'id: evt_1\nevent: live_stream.active\ndata: {"a":1}\n\n',
  'data:without a space\r\ndata: second line\r\n\r\n',
  'id: evt_2\rdata: old ends\r\rid: evt_3\n\nevent: never complete\ndata: x\n',
].join('');
const events = [
  { id: 'evt_1', type: 'live_stream.active', data: '{"a":1}' },
  { id: 'evt_1', type: 'message', data: 'without a space\nsecond line' },
  { id: 'evt_2', type: 'message', data: 'old ends' },
];

describe('an event stream', () => {
  it('is the same wherever it is cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const parser = new ServerSentEventParser();
      expect([...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))]).toEqual(events);
    }
    const parser = new ServerSentEventParser();
    expect([...stream].flatMap((character) => parser.push(character))).toEqual(events);
  });

  it('does not grow without end', () => {
    const parser = new ServerSentEventParser();
    const piece = 'x'.repeat(1024 * 1024);
    expect(() => {
      for (let i = 0; i < 10; i++) parser.push(i % 2 === 0 ? piece : `\ndata: ${piece}`);
    }).toThrow(RangeError);
  });
});
