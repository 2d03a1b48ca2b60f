import { describe, expect, it } from 'vitest';
import { readJoinAddress, tokenIn } from './join-address.ts';

const read = (address: string) => readJoinAddress(new URL(address, 'http://host'));

describe('readJoinAddress', () => {
  it.each([
    ['/call/room_1#token=a.b-c_d', { room: 'room_1', token: 'a.b-c_d', relay: undefined }],
    ['/call/room_1?relay=tls#token=a', { room: 'room_1', token: 'a', relay: 'tls' }],
    ['/call/room_1/?relay=carrier-pigeon#x=1&token=a', { room: 'room_1', token: 'a', relay: undefined }],
    ['/call/%E0%A4%A', { room: '%E0%A4%A', token: '', relay: undefined }],
    ['/check#token=a', { room: '', token: 'a', relay: undefined }],
  ])('%s', (address, expected) => {
    expect(read(address)).toEqual(expected);
  });
});

it('finds the token in what is pasted', () => {
  expect(tokenIn(' http://host/call/room_1?relay=udp#token=a.b \n')).toBe('a.b');
  expect(tokenIn(' a.b.c ')).toBe('a.b.c');
});
