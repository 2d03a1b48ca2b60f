// RTMPS: the same over TLS, with a certificate that is renewed while streams run.
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { writeFile } from 'node:fs/promises';
import { ConfigError } from '@millrace/service-kit';
import type { CertificateFiles } from '@millrace/service-kit';
import { FrameKind } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newCertificate, readPem, replaceCertificate } from '@millrace/service-kit/testing';
import { interframe, keyframe, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

describe('RTMPS', () => {
  let edge: TestEdge;
  let files: CertificateFiles;
  const start = async (settings = {}) => {
    files = await newCertificate();
    const { certFile: tlsCertFile, keyFile: tlsKeyFile } = files;
    edge = await TestEdge.start({ settings: { tlsCertFile, tlsKeyFile, tlsReloadMs: 10, ...settings } });
  };
  const connect = (streamName: string, ca: Buffer) => new TestClient({ port: edge.ports.rtmps!, streamName, ca });
  const open = () => edge.metric('ingest_connections', '{protocol="rtmps",state="publishing"}');

  beforeEach(() => start());
  afterEach(() => edge.stop());

  it('takes a publisher', async () => {
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const client = await connect(stream.key, await readPem(files.certFile)).untilReady();
    client.session.sendVideo(0, videoConfig());
    client.session.sendVideo(0, keyframe(1));
    client.session.sendVideo(40, interframe(2));
    client.session.unpublish();
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(recorder.frames).toHaveLength(4);
    expect(edge.control.requests).toMatchObject([{ protocol: 'rtmps', clientAddress: '127.0.0.1' }]);
    client.socket.destroy();
  });

  it('tells over TLS why it refuses', async () => {
    const client = await connect('wrong', await readPem(files.certFile)).untilClosed();
    expect(client.status).toMatchObject({ code: 'NetStream.Publish.Denied' });
  });

  it('uses a renewed certificate for new connections, and keeps the old ones', async () => {
    const old = await readPem(files.certFile);
    const first = edge.control.newStream();
    const client = await connect(first.key, old).untilReady();
    await replaceCertificate(files, await newCertificate());
    await expect.poll(() => edge.metric('ingest_tls_reloads_total', '{outcome="replaced"}')).toBe(1);
    const second = await connect(edge.control.newStream().key, await readPem(files.certFile)).untilReady();
    await connect('x', old).untilClosed();
    expect(client.closed).toBe(false);
    expect(await open()).toBe(2);
    for (const { socket } of [client, second]) socket.destroy();
  });

  it('keeps the old certificate while the files do not fit each other', async () => {
    const other = await newCertificate();
    const old = await readPem(files.certFile);
    await writeFile(files.keyFile, await readPem(other.keyFile));
    await expect.poll(() => edge.metric('ingest_tls_reloads_total', '{outcome="failed"}')).toBeGreaterThan(0);
    const client = await connect(edge.control.newStream().key, old).untilReady();
    client.socket.destroy();
  });

  it('closes on who does not speak TLS, or does not finish its handshake', async () => {
    await edge.stop();
    await start({ handshakeMs: 200 });
    const port = edge.ports.rtmps!;
    for (const bytes of [Buffer.from([3, ...Buffer.alloc(1_536)]), Buffer.alloc(0)]) {
      const socket = connectTcp({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    const silent = connectTls({ host: '127.0.0.1', port, ca: await readPem(files.certFile), servername: 'localhost' });
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.once('close', resolve));
    expect(await edge.metric('ingest_handshakes_total', '{outcome="tls_failed"}')).toBe(2);
  });

  it('counts connections before their TLS handshake, and forgets them when they are gone', async () => {
    await edge.stop();
    await start({ maxConnectionsPerAddress: 1 });
    const port = edge.ports.rtmps!;
    const waiting = connectTcp({ host: '127.0.0.1', port });
    await new Promise((resolve) => waiting.once('connect', resolve));
    const ca = await readPem(files.certFile);
    await connect(edge.control.newStream().key, ca).untilClosed();
    waiting.destroy();
    const stream = edge.control.newStream();
    for (let round = 0; round < 3; round++) {
      let client: TestClient | undefined;
      await expect
        .poll(async () => {
          client = connect(stream.key, ca);
          await client.until(() => client!.ready || client!.closed);
          return client.ready;
        })
        .toBe(true);
      client!.socket.destroy();
      await expect.poll(open).toBe(0);
    }
  });

  it('does not start with a certificate without its key', async () => {
    const half = TestEdge.start({ settings: { tlsCertFile: files.certFile } });
    await expect(half).rejects.toThrow(ConfigError);
    await expect(half).rejects.toThrow('MILLRACE_TLS_KEY_FILE');
  });
});
