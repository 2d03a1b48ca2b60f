// Behind a load balancer that says who is there: the kit of all edges does it, with the settings of this one.
import { ConfigError } from '@millrace/service-kit';
import { afterEach, expect, it } from 'vitest';
import { TestEdge } from '../testing/test-edge.ts';
import { TestEncoder } from '../testing/test-encoder.ts';

/** Version 2, TCP over IPv4, from 192.0.2.7. */
const HEADER = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207cb007105d903216a', 'hex');

let edge: TestEdge | undefined;
const start = async (rtspProxyFrom: readonly string[] | undefined) =>
  (edge = await TestEdge.start({ settings: { rtspProxyProtocol: true, rtspProxyFrom: rtspProxyFrom?.slice() } }));
afterEach(() => edge?.stop());

it('a balancer that is trusted names the client, others are closed', async () => {
  const { ports, control } = await start(['127.0.0.1']);
  const encoder = new TestEncoder(ports.rtsp);
  encoder.write(HEADER);
  await encoder.record(`rtsp://127.0.0.1:${ports.rtsp}/live/${control.newStream().key}`);
  expect(control.requests).toMatchObject([{ protocol: 'rtsp', clientAddress: '192.0.2.7' }]);
  encoder.destroy();
  await edge?.stop();

  const other = await start(['192.0.2.0/24']);
  const refused = new TestEncoder(other.ports.rtsp);
  refused.write(HEADER);
  await refused.closed;
  expect(await other.metric('ingest_handshakes_total', '{outcome="proxy_refused"}')).toBe(1);
});

it('does not start without being told which balancers to trust', async () => {
  const unknown = TestEdge.start({ settings: { rtspProxyProtocol: true, rtspProxyFrom: undefined } });
  await expect(unknown).rejects.toThrow(ConfigError);
  await expect(unknown).rejects.toThrow('MILLRACE_RTSP_PROXY_FROM');
});
