// Behind a load balancer that says who is there: real connections, of balancers that are believed and of others.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ConfigError } from '@millrace/service-kit';
import { FrameKind } from '@millrace/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { newCertificate, readPem } from '@millrace/service-kit/testing';
import { keyframe, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** TCP over IPv4, from 192.0.2.N. */
const headerFrom = (n: number): Buffer =>
  hex(`${SIGNATURE} 21 11 000c c00002${n.toString(16).padStart(2, '0')} cb007105 d903 078f`);
const LOCAL = hex(`${SIGNATURE} 20 00 0000`);

describe('PROXY protocol', () => {
  let edge: TestEdge;
  const start = async (settings = {}) =>
    (edge = await TestEdge.start({ settings: { proxyProtocol: true, proxyFrom: ['127.0.0.1'], ...settings } }));
  afterEach(() => edge.stop());

  /** A connection as a balancer opens it. @param pieces of the header, sent one by one */
  const balancer = async (pieces: readonly Buffer[], port = edge.ports.rtmp, localAddress = '127.0.0.1') => {
    const socket = connectTcp({ host: '127.0.0.1', port, localAddress }).setNoDelay();
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    for (const piece of pieces) await new Promise((sent) => socket.write(piece, sent));
    return socket;
  };
  const client = (streamName: string, socket: Socket) => new TestClient({ port: 0, streamName, socket });
  const outcome = (name: string) => edge.metric('ingest_handshakes_total', `{outcome="${name}"}`);

  it('names the client, however its header comes, and takes what comes behind it', async () => {
    await start();
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const pieces = [...headerFrom(7)].map((byte) => Buffer.of(byte));
    const encoder = await client(stream.key, await balancer(pieces)).untilReady();
    encoder.session.sendVideo(0, videoConfig());
    encoder.session.sendVideo(0, keyframe(1));
    encoder.session.unpublish();
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(recorder.frames).toHaveLength(3);
    expect(edge.control.requests).toMatchObject([{ protocol: 'rtmp', clientAddress: '192.0.2.7' }]);
    expect(edge.logs.some((line) => line.includes('"peer":"192.0.2.7"'))).toBe(true);
    encoder.socket.destroy();
  });

  it('counts clients, not the balancer, against the limit per address', async () => {
    await start({ maxConnectionsPerAddress: 1 });
    const first = await client(edge.control.newStream().key, await balancer([headerFrom(1)])).untilReady();
    const other = await client(edge.control.newStream().key, await balancer([headerFrom(2)])).untilReady();
    const again = await balancer([headerFrom(1)]);
    await once(again, 'close');
    expect(await edge.metric('ingest_refused_connections_total', '{protocol="rtmp"}')).toBe(1);
    for (const { socket } of [first, other]) socket.destroy();
  });

  it('comes before TLS', async () => {
    const files = await newCertificate();
    const ca = await readPem(files.certFile);
    await start({ tlsCertFile: files.certFile, tlsKeyFile: files.keyFile });
    // Header and ClientHello may come in one packet: the socket is corked in between.
    const socket = await balancer([], edge.ports.rtmps);
    socket.cork();
    socket.write(headerFrom(9));
    const secure = connectTls({ socket, ca, servername: 'localhost' });
    process.nextTick(() => socket.uncork());
    await once(secure, 'secureConnect');
    const encoder = await client(edge.control.newStream().key, secure).untilReady();
    expect(edge.control.requests).toMatchObject([{ protocol: 'rtmps', clientAddress: '192.0.2.9' }]);
    encoder.socket.destroy();
  });

  it('takes the health checks of a balancer for its own', async () => {
    await start();
    const encoder = await client(edge.control.newStream().key, await balancer([LOCAL])).untilReady();
    expect(edge.control.requests).toMatchObject([{ clientAddress: '127.0.0.1' }]);
    encoder.socket.destroy();
    // A health check of the port is no fault.
    const silent = await balancer([]);
    silent.end();
    await once(silent, 'close');
    expect(await outcome('proxy_header')).toBe(0);
  });

  it('believes no other peer, and takes no connection without a header', async () => {
    await start({ proxyFrom: ['127.0.0.2', '10.0.0.0/8'], handshakeMs: 200 });
    await once(await balancer([headerFrom(1)]), 'close');
    expect(await outcome('proxy_refused')).toBe(1);
    for (const wrong of [Buffer.from([3, 0, 0]), Buffer.from('PROXY TCP4 192.0.2.7 203.0.113.5 55555 1935\r\n')])
      await once(await balancer([wrong], edge.ports.rtmp, '127.0.0.2'), 'close');
    expect(await outcome('proxy_header')).toBe(2);
    expect(edge.logs.some((line) => line.includes('proxy.version-1'))).toBe(true);
    await once(await balancer([headerFrom(1).subarray(0, 20)], edge.ports.rtmp, '127.0.0.2'), 'close');
    expect(await outcome('handshake_timeout')).toBe(1);
    expect(await outcome('connected')).toBe(0);
  });

  it('needs to know the balancers', async () => {
    await start();
    const unknown = TestEdge.start({ settings: { proxyProtocol: true, proxyFrom: undefined } });
    await expect(unknown).rejects.toThrow(ConfigError);
  });
});
