// Traces as a collector sees them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startTestTracing } from '../testing/test-tracing.ts';
import type { TestTracing } from '../testing/test-tracing.ts';
import { traced } from './tracer.ts';
import { tracingSettings } from './tracing-settings.ts';

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const traceparentOf = (flags: string) => `00-${CALLER.traceId}-${CALLER.spanId}-${flags}`;

let tracing: TestTracing;
const start = async (env: Readonly<Record<string, string>> = {}): Promise<TestTracing> =>
  (tracing = await startTestTracing('gateway', env));
afterEach(() => tracing.stop());

const spans = async (count: number) => {
  await vi.waitFor(() => expect(tracing.collector.spans.length).toBeGreaterThanOrEqual(count), 10_000);
  return tracing.collector.spans;
};

describe('traces', () => {
  it('say who did what, when, and who asked for it', async () => {
    const { tracer } = await start();
    const span = tracer.start('GET /v1/x', {
      kind: 'server',
      parent: traceparentOf('01'),
      attributes: { 'http.route': '/v1/x', 'millrace.tenant_id': 'ten_1' },
      startedAtMs: 1_795_000_000_000,
    });
    span.set({ 'http.response.status_code': 200 });
    span.end({ endedAtMs: 1_795_000_000_250 });
    const [sent] = await spans(1);
    expect(sent).toMatchObject({
      name: 'GET /v1/x',
      kind: 2,
      traceId: CALLER.traceId,
      parentSpanId: CALLER.spanId,
      failed: false,
      startMs: 1_795_000_000_000,
      endMs: 1_795_000_000_250,
      attributes: { 'http.route': '/v1/x', 'millrace.tenant_id': 'ten_1', 'http.response.status_code': 200 },
    });
    expect(sent?.resource).toMatchObject({
      'service.name': 'millrace-gateway',
      'service.version': '1.2.3',
      'service.instance.id': 'gateway-1',
    });
    expect(span.traceparent).toBe(`00-${CALLER.traceId}-${sent?.spanId}-01`);
  });

  it('nest: what is begun within a span is its child, also later, and what fails says so', async () => {
    const { tracer } = await start();
    const failed = traced(tracer, 'outer', {}, async () => {
      await Promise.resolve();
      await traced(tracer, 'inner', {}, async (inner) => expect(tracer.current).toBe(inner));
      throw new TypeError('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(tracer.current).toBeUndefined();
    await spans(2);
    const [outer] = tracing.collector.named('outer');
    expect(tracing.collector.childrenOf(outer!)).toMatchObject([{ name: 'inner', failed: false }]);
    expect(outer).toMatchObject({ failed: true, parentSpanId: undefined, attributes: { 'error.type': 'TypeError' } });
  });

  it('link, and pass over what is no traceparent', async () => {
    const { tracer } = await start();
    tracer.start('segment', { links: [traceparentOf('01'), undefined, 'nonsense'], parent: 'nonsense' }).end();
    expect(await spans(1)).toMatchObject([{ links: [CALLER], parentSpanId: undefined }]);
  });

  it('hold no secret, wherever it occurs', async () => {
    const { tracer } = await start();
    const planted = ['mr_st_0123456789abcdefghij', 'mr_op_0123456789abcdefghij', 'hunter2'];
    const span = tracer.start('x', { attributes: { 'millrace.request_id': planted[0]! } });
    span.set({ 'millrace.outcome': `see nats://me:${planted[2]}@host?token=${planted[1]}` });
    span.end({ failure: `${planted[1]} ${'x'.repeat(10_000)}` });
    await spans(1);
    for (const secret of planted) expect(tracing.collector.bodies.join()).not.toContain(secret);
    expect(tracing.collector.bodies.join()).toContain('[redacted]');
    expect(tracing.collector.bodies.join().length).toBeLessThan(4_000);
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, '01', 0],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, '01', 0],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, '01', 1],
    [{}, '00', 0],
  ] as const)('are kept as %o says of a caller with flags %s: %i', async (env, flags, kept) => {
    const { tracer } = await start(env);
    const span = tracer.start('x', { parent: traceparentOf(flags) });
    expect(span.traceparent?.endsWith(kept === 1 ? '-01' : '-00')).toBe(true);
    span.end();
    await tracing.stop();
    expect(tracing.collector.spans).toHaveLength(kept);
  });

  it('never disturb the service: a collector that fails is told of once, one that is back as well', async () => {
    const { tracer, collector, logs } = await start();
    collector.status = 400;
    tracer.start('lost').end();
    await vi.waitFor(() => expect(logs.join()).toContain('cannot send traces'), 10_000);
    const refused = collector.bodies.length;
    tracer.start('lost too').end();
    await vi.waitFor(() => expect(collector.bodies.length).toBeGreaterThan(refused), 10_000);
    collector.status = 200;
    tracer.start('found').end();
    await vi.waitFor(() => expect(logs.join()).toContain('sending traces again'), 10_000);
    expect(collector.spans.map(({ name }) => name)).toEqual(['found']);
    expect(logs.filter((line) => line.includes('cannot send traces'))).toHaveLength(1);
  });

  it('hold a bounded number of spans while they are not collected, and give up at the stop', async () => {
    const { tracer, collector } = await start({ OTEL_BSP_MAX_QUEUE_SIZE: '100' });
    collector.status = undefined;
    for (let i = 0; i < 5_000; i++) tracer.start(`span ${i}`).end();
    await vi.waitFor(() => expect(collector.bodies.length).toBeGreaterThan(0), 10_000);
    const begunMs = performance.now();
    await tracing.stop();
    expect(performance.now() - begunMs).toBeLessThan(5_000);
    expect(collector.bodies.join().split('"name":"span').length).toBeLessThanOrEqual(202);
    expect(tracing.logs.join()).toContain('lost the last traces');
  });

  it('are sent at the stop', async () => {
    const { tracer } = await start({ OTEL_BSP_SCHEDULE_DELAY: '3600000' });
    tracer.start('last').end();
    await tracing.stop();
    expect(tracing.collector.named('last')).toHaveLength(1);
  });
});

describe('without an endpoint', () => {
  afterEach(() => start());

  const loadedBy = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const program = `
      import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => { if (url.includes('@opentelemetry')) console.log(url); return next(url, context); } });
      const { startTracing } = await import(${JSON.stringify(fileURLToPath(new URL('start-tracing.ts', import.meta.url)))});
      const { tracingSettings } = await import(${JSON.stringify(fileURLToPath(new URL('tracing-settings.ts', import.meta.url)))});
      const settings = tracingSettings.parse(process.env);
      const logger = { info() {}, warn() {} };
      const { tracer } = await startTracing({ settings, service: 'x', version: '1', instanceId: 'x-1', logger });
      tracer.start('x').end();
      console.log('on: ' + tracer.isOn);
      process.exit(0);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    await once(child, 'close');
    return text;
  };

  it('nothing of OpenTelemetry is even loaded', async () => {
    await start();
    expect(await loadedBy({})).toBe('on: false\n');
    expect(await loadedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' })).toBe(
      'on: false\n',
    );
    const loaded = await loadedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect(loaded).toContain('@opentelemetry/sdk-trace');
    expect(loaded).toContain('on: true\n');
  });
});

describe('the settings of traces', () => {
  it('are checked, and told by their names', () => {
    const wrong = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_TRACES_SAMPLER: 'some',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
    };
    expect(() => tracingSettings.parse(wrong)).toThrow(new RegExp(Object.keys(wrong).join('[^]*')));
  });
});
