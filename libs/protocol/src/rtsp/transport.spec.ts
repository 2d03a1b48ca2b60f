import { expect, it } from 'vitest';
import { parseTransports } from './index.ts';

const PLAIN = {
  isMulticast: false,
  interleaved: undefined,
  clientPort: undefined,
  destination: undefined,
  isRecord: false,
};

it.each([
  [
    'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record',
    [{ ...PLAIN, protocol: 'tcp', interleaved: [0, 1], isRecord: true }],
  ],
  ['RTP/AVP/TCP;unicast;interleaved=4;mode="PLAY"', [{ ...PLAIN, protocol: 'tcp', interleaved: [4, 5] }]],
  ['RTP/AVP;unicast;client_port=5000-5001', [{ ...PLAIN, protocol: 'udp', clientPort: [5000, 5001] }]],
  [
    'RTP/AVP;multicast;destination=224.1.1.1',
    [{ ...PLAIN, protocol: 'udp', isMulticast: true, destination: '224.1.1.1' }],
  ],
  ['RTP/SAVP;unicast', [{ ...PLAIN, protocol: 'other' }]],
  [
    'RTP/AVP/UDP;unicast,RTP/AVP/TCP;unicast',
    [
      { ...PLAIN, protocol: 'udp' },
      { ...PLAIN, protocol: 'tcp' },
    ],
  ],
  ['RTP/AVP;client_port=0-1', []],
  ['RTP/AVP;client_port=65535-65536', []],
  ['RTP/AVP/TCP;interleaved=255', []],
  ['RTP/AVP/TCP;interleaved=3-3', []],
  ['RTP/AVP/TCP;interleaved=-1', []],
  ['', []],
  ['garbage', [{ ...PLAIN, protocol: 'other' }]],
])('reads the transports of %s', (header, transports) => expect(parseTransports(header)).toEqual(transports));

it('reads no more of them than a client lists', () => {
  expect(parseTransports('RTP/AVP,'.repeat(10_000)).length).toBe(8);
});
