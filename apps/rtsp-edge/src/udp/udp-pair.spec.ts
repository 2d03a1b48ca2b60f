import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { bindUdp, UdpPair } from './udp-pair.ts';

it('does not take port 0 for that of its peer: the runtime would throw when something is sent there', async () => {
  const [rtp, rtcp] = [await bindUdp('127.0.0.1', 0), await bindUdp('127.0.0.1', 0)];
  const peer = createSocket('udp4').bind(0, '127.0.0.1');
  await once(peer, 'listening');
  const { port } = peer.address();
  const pair = new UdpPair({ address: '127.0.0.1', ports: [port, port] }, [2, 3], [rtp!, rtcp!]);
  try {
    const heard: string[] = [];
    pair.receive({ onDatagram: (_isRtcp, datagram) => heard.push(String(datagram)) });
    const from = { address: '127.0.0.1', family: 'IPv4', size: 4 } as const;
    rtp!.emit('message', Buffer.from('none'), { ...from, port: 0 });
    rtp!.emit('message', Buffer.from('some'), { ...from, port });
    const answered = once(peer, 'message');
    expect(pair.send(false, Buffer.from('back'))).toBe(true);
    expect(String((await answered)[0])).toBe('back');
    expect(heard).toEqual(['some']);
  } finally {
    pair.close();
    peer.close();
  }
});
