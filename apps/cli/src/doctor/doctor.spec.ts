import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startNatsServer } from '@millrace/frame-bus/testing';
import { startRedisServer } from '@millrace/live-store/testing';
import { SrtListener, SrtRejection, SynCookies } from '@millrace/protocol/srt';
import type { SrtRequest } from '@millrace/protocol/srt';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../command-line/exit-code.ts';
import { ApiStub } from '../testing/api-stub.ts';
import { runCli } from '../testing/run-cli.ts';
import { judgeClock, leastSkew } from './api-checks.ts';
import type { CheckResult } from './check.ts';
import { dependencyChecks } from './dependency-checks.ts';
import { checkRtsp, rtspPortOf, rtspServer } from './rtsp-check.ts';
import { checkSrt, srtServer } from './srt-check.ts';
import { checkCertificate, checkName, checkPort, judge } from './network-checks.ts';

const all = (environment: Readonly<Record<string, string>>) => Promise.all(dependencyChecks(environment));

describe('the dependencies of a server', () => {
  it('are looked at where the environment names them', async () => {
    await using nats = await startNatsServer();
    const redis = await startRedisServer();
    const results = await all({ MILLRACE_NATS_URL: nats.url, MILLRACE_REDIS_URL: redis.url });
    await redis.stop();
    expect(results).toMatchObject([
      { name: 'NATS', state: 'ok', found: expect.stringMatching(/^version \d.*JetStream$/) as unknown },
      { name: 'Redis', state: 'ok', found: expect.stringMatching(/^version \d/) as unknown },
    ]);
    expect(await all({})).toEqual([]);
  });

  it('say what is wrong and which setting to correct, and never a password', async () => {
    const redis = await startRedisServer(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
    const evicting = await all({ MILLRACE_REDIS_URL: redis.url });
    const refused = await all({ MILLRACE_REDIS_URL: redis.url.replace('://', '://millrace:hunter2@') });
    await redis.stop();
    expect(evicting).toMatchObject([{ state: 'fail', found: /evicts keys/, advice: /noeviction/ }].map(textually));
    expect(refused).toMatchObject(
      [{ state: 'fail', found: /refused/, advice: /MILLRACE_REDIS_PASSWORD/ }].map(textually),
    );
    const away = await all({
      MILLRACE_NATS_URL: 'nats://millrace:hunter2@127.0.0.1:1',
      MILLRACE_REDIS_URL: 'redis://:hunter2@127.0.0.1:1',
      MILLRACE_DATABASE_URL: 'postgres://millrace:hunter2@127.0.0.1:1/millrace',
    });
    for (const [index, variable] of ['MILLRACE_NATS_URL', 'MILLRACE_REDIS_URL', 'MILLRACE_DATABASE_URL'].entries()) {
      expect(away[index]).toMatchObject({ state: 'fail', found: '127.0.0.1:1: nothing listens there' });
      expect(away[index]?.advice).toContain(variable);
    }
    const wrong = await all({ MILLRACE_NATS_URL: 'http://hunter2.example' });
    expect(wrong).toMatchObject([{ state: 'fail', advice: 'Correct MILLRACE_NATS_URL.' }]);
    expect(JSON.stringify([evicting, refused, away])).not.toContain('hunter2');
  });

  it('wait no longer than a check may', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const [nats] = await all({ MILLRACE_NATS_URL: `nats://127.0.0.1:${port}` });
    expect(nats).toMatchObject({ state: 'fail', found: `127.0.0.1:${port}: no answer in time` });
    silent.close();
  });
});

const textually = (result: { readonly state: string; readonly found: RegExp; readonly advice: RegExp }) => ({
  state: result.state,
  found: expect.stringMatching(result.found) as unknown,
  advice: expect.stringMatching(result.advice) as unknown,
});

describe('a certificate', () => {
  const now = Date.parse('2026-11-30T00:00:00Z');
  const until = (day: string) => ({ valid_to: `${day}T00:00:00Z`, subjectaltname: 'DNS:other.example' });
  it.each([
    ['2026-11-29', undefined, 'fail', /expired on 2026-11-29/],
    ['2026-12-05', undefined, 'warn', /in 5 days/],
    ['2027-03-01', undefined, 'ok', /until 2027-03-01 \(91 days\)/],
    ['2027-03-01', 'ERR_TLS_CERT_ALTNAME_INVALID', 'fail', /another name \(other\.example\)/],
    ['2027-03-01', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'fail', /self-signed/],
    ['2027-03-01', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'fail', /between its own and the authority/],
  ])('until %s, with the fault %s: %s', (day, fault, state, found) => {
    const result = judge('certificate', 'live.example', until(day), fault, now);
    expect(result.state).toBe(state);
    expect(result.found).toMatch(found);
    expect(result.advice === undefined).toBe(state === 'ok');
  });

  it('is not there where no TLS is spoken', async () => {
    await using api = await new ApiStub().listen();
    const port = Number(new URL(api.url).port);
    const result = await checkCertificate('certificate', '127.0.0.1', port);
    expect(result).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/does not speak TLS|was cut/) as unknown,
    });
  });
});

describe('the network', () => {
  it('is looked at step by step', async () => {
    expect(await checkName('DNS', 'localhost')).toMatchObject({ state: 'ok' });
    expect(await checkName('DNS', 'nowhere.invalid')).toMatchObject({ state: 'fail' });
    expect(await checkName('DNS', '127.0.0.1')).toMatchObject({ state: 'skip' });
    expect(await checkPort('port', '127.0.0.1', 1)).toMatchObject({
      state: 'fail',
      found: '127.0.0.1 port 1: nothing listens there',
    });
  });
});

describe('an RTSP server', () => {
  const serverThat = async (answers: string) => {
    const server = createServer((socket) => {
      let cSeq = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write(answers.replace('N', String(++cSeq))));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, url: new URL(`rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/live`) };
  };

  it.each<[string, string, readonly string[]]>([
    [
      'refuses an unknown id and a wrong key otherwise',
      'RTSP/1.0 401 Unauthorized\r\nCSeq: N\r\n\r\n',
      ['warn', 'warn'],
    ],
    ['has no gateway', 'RTSP/1.0 503 Service Unavailable\r\nCSeq: N\r\n\r\n', ['warn', 'warn']],
    ['accepts all', 'RTSP/1.0 200 OK\r\nCSeq: N\r\n\r\n', ['fail', 'fail']],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', ['fail']],
  ])('that %s is not as it should be', async (_, answers, states) => {
    const { server, url } = await serverThat(answers);
    const results = await checkRtsp(url);
    expect(results.map(({ state }) => state)).toEqual(states);
    expect(results.every(({ advice }) => advice !== undefined)).toBe(true);
    server.close();
  });

  it('is named with its scheme', () => {
    expect(rtspPortOf(rtspServer('rtsps://live.example/live'))).toBe(322);
    expect(() => rtspServer('rtmp://live.example/live')).toThrow('is not an RTSP server');
  });
});

describe('an SRT server', () => {
  const listenerThat = async (answer: (request: SrtRequest) => void) => {
    const socket = createSocket('udp4');
    const listener = new SrtListener({
      cookies: new SynCookies(),
      clock: () => performance.now() * 1_000,
      send: (packet, { address, port }) => socket.send(packet, port, address),
      requested: answer,
      maxUndecided: 4,
      maxUndecidedPerNetwork: 4,
      networkOf: (address) => address,
      delayMs: 20,
      maxDelayMs: 1_000,
      receivePackets: 64,
      sendPackets: 64,
      idleUs: 5_000_000,
    });
    socket.on('message', (packet, from) => listener.push(packet, from)).bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return { socket, url: srtServer(`srt://127.0.0.1:${socket.address().port}`) };
  };
  const handlers = { data: () => undefined, lost: () => undefined, ended: () => undefined };

  it.each<[string, CheckResult['state'], (request: SrtRequest) => void]>([
    ['knows no such key', 'ok', (request) => request.reject(SrtRejection.unauthorized)],
    ['has no gateway', 'warn', (request) => request.reject(SrtRejection.down)],
    ['refuses for another reason', 'warn', (request) => request.reject(SrtRejection.overload)],
    ['accepts all', 'fail', (request) => void request.accept(handlers, undefined)],
  ])('that %s: %s', async (_, state, answer) => {
    const { socket, url } = await listenerThat(answer);
    const result = await checkSrt(url);
    socket.close();
    expect(result.state).toBe(state);
    expect(result.advice === undefined).toBe(state === 'ok');
  });

  it('is named with its scheme', () => {
    expect(srtServer('srt://live.example?mode=caller').hostname).toBe('live.example');
    expect(() => srtServer('rtsp://live.example')).toThrow('is not an SRT server');
    expect(() => srtServer('srt://')).toThrow('is not an SRT server');
  });
});

describe('the clock', () => {
  it.each([
    [0, 'ok', /agree/],
    [-900, 'ok', /agree/],
    [4_000, 'warn', /4\.0 s ahead/],
    [-60_000, 'fail', /60\.0 s behind/],
    [undefined, 'skip', /did not say/],
  ])('%s ms apart: %s', (skewMs, state, found) => {
    const result = judgeClock(skewMs);
    expect(result.state).toBe(state);
    expect(result.found).toMatch(found);
  });
});

describe('the difference of two clocks', () => {
  it.each([
    ['is none within a second that is cut off', 10_400, 10_450, 10_000, 0],
    ['is none when the request took long', 10_000, 18_000, 15_000, 0],
    ['is at least what no moment of the request explains', 13_500, 13_600, 10_000, 2_500],
    ['may be in the other direction', 10_000, 10_100, 15_000, -4_900],
    ['is not known without a date', 10_000, 10_100, Number.NaN, undefined],
  ])('%s', (_, startedAt, endedAt, date, skewMs) => {
    expect(leastSkew(startedAt, endedAt, date)).toBe(skewMs);
  });
});

describe('millrace doctor', () => {
  it('finds a server that is not Millrace, and an edge that is not there', async () => {
    await using api = await new ApiStub().listen();
    api.on('GET /', (_, response) => response.end('<html>'));
    const { code, stdout } = await runCli(['doctor', '--json', '--url', api.url, '--rtmp', 'rtmp://127.0.0.1:1/live']);
    expect(code).toBe(ExitCode.failure);
    const { checks, failed } = JSON.parse(stdout) as { checks: { name: string; state: string }[]; failed: number };
    expect(checks.filter(({ state }) => state === 'fail').map(({ name }) => name)).toEqual(['API', 'RTMP port']);
    expect(failed).toBe(2);
  });

  it('does not miss a gateway and an edge in the container of another service', async () => {
    const closed = await new ApiStub().listen();
    const port = new URL(closed.url).port;
    await closed[Symbol.asyncDispose]();
    const variables = {
      MILLRACE_HTTP_PORT: port,
      MILLRACE_RTMP_PORT: port,
      MILLRACE_METRICS_PORT: port,
      MILLRACE_NATS_URL: `nats://127.0.0.1:${port}`,
    };
    const { stdout } = await runCli(['doctor', '--json'], { variables });
    const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string }[] };
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      // Without a PATH there is none.
      'ffmpeg skip',
      'service warn',
      'NATS fail',
      'API skip',
      'RTMP port skip',
    ]);
  });
});
