// The diagnosis: each check with what was found and, where something is wrong, what to do.
import { findAccess } from '../access/server-access.ts';
import { ApiClient } from '../api/api-client.ts';
import type { LiveStreamObject } from '../api/objects.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CliCall, CliCommand } from '../command-line/command.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import type { CheckResult } from '../doctor/check.ts';
import { styled, writeJson, writeLine } from '../output/output.ts';
import type { TextStyle } from '../output/output.ts';
import { printable } from '../output/printable.ts';

const STYLES: Readonly<Record<CheckResult['state'], TextStyle>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  skip: 'dim',
};
const NAME_WIDTH = 16;

async function doctor(call: CliCall): Promise<ExitCode | undefined> {
  const results: CheckResult[] = [];
  const tell = (...found: readonly CheckResult[]): void => {
    results.push(...found);
    if (!call.json) for (const result of found) write(call, result);
  };
  const onServer = await checkMachine(call, tell);
  await checkServer(call, onServer, tell);
  const failed = results.filter(({ state }) => state === 'fail').length;
  const warned = results.filter(({ state }) => state === 'warn').length;
  if (call.json) writeJson(call, { checks: results, failed, warned }, 2);
  else
    writeLine(
      call.environment.stdout,
      failed + warned === 0 ? 'Everything is as it should be.' : `${failed} failed, ${warned} to look at.`,
    );
  return failed > 0 ? ExitCode.failure : undefined;
}

function write(call: CliCall, { name, state, found, advice }: CheckResult): void {
  const { environment } = call;
  const { stdout } = environment;
  const mark = styled(state.padEnd(4), STYLES[state], stdout, environment);
  writeLine(stdout, `${mark}  ${name.padEnd(NAME_WIDTH)}${printable(found)}`);
  if (advice !== undefined) writeLine(stdout, `${' '.repeat(6 + NAME_WIDTH)}What to do: ${printable(advice)}`);
}

type Tell = (...found: readonly CheckResult[]) => void;

/** @returns whether services run here */
async function checkMachine(call: CliCall, tell: Tell): Promise<boolean> {
  const { variables } = call.environment;
  const machine = await import('../doctor/machine-checks.ts');
  const isServer = machine.isServerHost(variables);
  tell(machine.checkFfmpeg(variables['PATH'], !isServer));
  tell(...(await machine.checkDataFolder(call.environment)));
  tell(...(await machine.checkReadiness(variables, isServer)));
  if (!isServer) return false;
  const { dependencyChecks } = await import('../doctor/dependency-checks.ts');
  for (const check of dependencyChecks(variables)) tell(await check);
  return true;
}

async function checkServer(call: CliCall, onServer: boolean, tell: Tell): Promise<void> {
  const [network, checks, { checkRtmp, checkRtmpPlay }, { hostOf, portOf, rtmpServer }] = await Promise.all([
    import('../doctor/network-checks.ts'),
    import('../doctor/api-checks.ts'),
    import('../doctor/rtmp-check.ts'),
    import('../publishing/encoder-connection.ts'),
  ]);
  const api = new ApiClient(accessOf(call, tell), call.environment.stop);
  const url = new URL(api.access.url);
  const [host, port] = [hostOf(url), Number(url.port || (url.protocol === 'https:' ? 443 : 80))];
  // In the container of another service there is no gateway: not a fault, unless one was named.
  const absent = !api.access.named && onServer && (await network.checkPort('API', host, port)).state !== 'ok';
  if (absent) tell({ name: 'API', state: 'skip', found: 'no gateway runs here; give --url to check one' });
  const streams = absent ? [] : await checkApi(api, host, port, network, checks, tell);
  await checkRtspServer(call.text('rtsp') ?? streams[0]?.ingest.rtsp_url ?? undefined, host, network, tell);
  await checkSrtServer(call.text('srt') ?? streams[0]?.ingest.srt_url ?? undefined, host, network, tell);
  const local = onServer && !api.access.named ? (call.environment.variables['MILLRACE_RTMP_PORT'] ?? '1935') : '1935';
  const given = call.text('rtmp') ?? streams[0]?.ingest.server;
  const server = rtmpServer(given ?? `rtmp://${url.hostname}:${local}/live`);
  const [rtmpHost, rtmpPort] = [hostOf(server), portOf(server)];
  const open = await network.checkPort('RTMP port', rtmpHost, rtmpPort);
  if (absent && given === undefined && open.state !== 'ok') {
    tell({ name: 'RTMP port', state: 'skip', found: 'no edge runs here; give --rtmp to check one' });
    return;
  }
  if (rtmpHost !== host) tell(await network.checkName('DNS of RTMP', rtmpHost));
  tell(open);
  if (open.state !== 'ok') return;
  if (server.protocol === 'rtmps:') tell(await network.checkCertificate('RTMP certificate', rtmpHost, rtmpPort));
  tell(await checkRtmp('RTMP', server), await checkRtmpPlay('RTMP play', server));
}

/** @param given where the server says that it is; nothing is looked at when it says nothing */
async function checkRtspServer(
  given: string | undefined,
  apiHost: string,
  network: typeof import('../doctor/network-checks.ts'),
  tell: Tell,
): Promise<void> {
  if (given === undefined) return;
  const [{ checkRtsp, rtspPortOf, rtspServer }, { hostOf }] = await Promise.all([
    import('../doctor/rtsp-check.ts'),
    import('../publishing/encoder-connection.ts'),
  ]);
  const server = rtspServer(given);
  const [host, port] = [hostOf(server), rtspPortOf(server)];
  if (host !== apiHost) tell(await network.checkName('DNS of RTSP', host));
  const open = await network.checkPort('RTSP port', host, port);
  tell(open);
  if (open.state !== 'ok') return;
  if (server.protocol === 'rtsps:') tell(await network.checkCertificate('RTSP certificate', host, port));
  tell(...(await checkRtsp(server)));
}

/** The same for SRT, whose port tells nothing by itself: it is asked by UDP. */
async function checkSrtServer(
  given: string | undefined,
  apiHost: string,
  network: typeof import('../doctor/network-checks.ts'),
  tell: Tell,
): Promise<void> {
  if (given === undefined) return;
  const [{ checkSrt, srtServer }, { hostOf }] = await Promise.all([
    import('../doctor/srt-check.ts'),
    import('../publishing/encoder-connection.ts'),
  ]);
  const server = srtServer(given);
  const host = hostOf(server);
  if (host !== apiHost) tell(await network.checkName('DNS of SRT', host));
  tell(await checkSrt(server));
}

/** @returns a stream to look at, one that is live where there is one */
async function checkApi(
  api: ApiClient,
  host: string,
  port: number,
  network: typeof import('../doctor/network-checks.ts'),
  checks: typeof import('../doctor/api-checks.ts'),
  tell: Tell,
): Promise<readonly LiveStreamObject[]> {
  const { protocol } = new URL(api.access.url);
  tell(await network.checkName('DNS', host));
  if (protocol === 'https:') tell(await network.checkCertificate('certificate', host, port));
  const gateway = await checks.checkGateway(api);
  tell(gateway.result);
  if (!gateway.reached) return [];
  tell(checks.judgeClock(gateway.skewMs));
  const { result, streams } = await checks.checkKey(api);
  tell(result, await checks.checkPlayback(api, streams[0]));
  return streams;
}

/** A profile file with wrong permissions is a finding like the others. */
function accessOf(call: CliCall, tell: Tell) {
  try {
    const access = findAccess(call, false);
    // On a server there may be only the operator's.
    return access.key === undefined ? findAccess(call, true) : access;
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== ExitCode.notAuthenticated) throw error;
    tell({ name: 'key', state: 'fail', found: error.message, advice: error.advice ?? 'Log in again.' });
    return { url: call.text('url') ?? 'http://localhost:8080', key: undefined, source: 'nowhere', named: true };
  }
}

export const doctorCommand: CliCommand = {
  name: 'doctor',
  summary: 'Find out what is wrong, and what to do about it.',
  details:
    'From any machine: DNS, certificates, the API, the clocks, the key, a playlist, and what encoders and players of RTMP, RTSP and SRT meet (with a key and a playback id that do not exist). On a server also NATS, Redis and PostgreSQL, as MILLRACE_NATS_URL, MILLRACE_REDIS_URL and MILLRACE_DATABASE_URL say, and the service’s own readiness. Each check waits at most 5 seconds.',
  options: {
    rtmp: { value: 'URL', text: 'The RTMP server to check; by default that of a live stream.' },
    rtsp: { value: 'URL', text: 'The RTSP server to check; by default that of a live stream, if it has one.' },
    srt: { value: 'URL', text: 'The SRT server to check, such as srt://live.example.com:8890; likewise.' },
  },
  examples: ['millrace doctor', 'millrace doctor --url https://live.example.com --rtmp rtmps://live.example.com/live'],
  run: doctor,
};
