import { newId, newSecretKey } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitCode } from './command-line/exit-code.ts';
import { ApiStub } from './testing/api-stub.ts';
import { runCli } from './testing/run-cli.ts';
import type { CliRunOptions } from './testing/run-cli.ts';

const key = newSecretKey('mr_sk');
const stream = (name: string, id: string = newId('str')) => ({
  id,
  tenant_id: newId('ten'),
  name,
  enabled: true,
  status: 'idle',
  active_session_id: null,
  segment_target_seconds: 2,
  playlist_window_seconds: 30,
  reconnect_window_seconds: 10,
  second_publisher: 'refuse',
  ingest: { server: 'rtmp://localhost:1935/live', url_template: 'x' },
  playback_ids: [],
  created_at: '2026-11-30T07:00:00.000Z',
  updated_at: '2026-11-30T07:00:00.000Z',
  of_a_later_release: { kept: true },
});

let api: ApiStub;
beforeEach(async () => void (api = await new ApiStub().listen()));
afterEach(() => api[Symbol.asyncDispose]());

const run = (line: string, options: CliRunOptions = {}) =>
  runCli(line.split(' '), {
    ...options,
    variables: { MILLRACE_URL: api.url, MILLRACE_API_KEY: key, ...options.variables },
  });

describe('lists', () => {
  it('are read page by page, and written as the API has them', async () => {
    const all = Array.from({ length: 3 }, (_, index) => stream(`stream ${index}`));
    api.on('GET /v1/live_streams', ({ line }, response) => {
      const from = Number(new URL(line.split(' ')[1] ?? '', api.url).searchParams.get('cursor') ?? 0);
      const rest = { has_more: from < 2, next_cursor: from < 2 ? String(from + 1) : null };
      response.end(JSON.stringify({ data: [all[from]], ...rest }));
    });
    const { stdout } = await run('streams list --json');
    expect(JSON.parse(stdout)).toEqual({ data: all, has_more: false, next_cursor: null });
    const limited = await run('streams list --limit 2');
    expect(limited.stdout.split('\n')).toHaveLength(4);
    expect(limited.stderr).toContain('There are more');
  });

  it('fit the terminal, have colours only there, and respect NO_COLOR', async () => {
    api.json('GET /v1/live_streams', { data: [stream('n'.repeat(90))], has_more: false, next_cursor: null });
    const escape = '\u001b[';
    expect((await run('streams list')).stdout).toContain('n'.repeat(90));
    const wide = await run('streams list', { columns: 80 });
    expect(wide.stdout).toContain(`${escape}1mNAME`);
    for (const line of wide.stdout.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(80);
    expect((await run('streams list', { columns: 80, variables: { NO_COLOR: '1' } })).stdout).not.toContain(escape);
    expect((await run('streams list', { columns: 80, variables: { TERM: 'dumb' } })).stdout).not.toContain(escape);
  });
});

describe('an ingest source', () => {
  it('is made with a password that no list of processes has, listed with what is wrong, switched and deleted', async () => {
    const door = stream('door');
    const at = `/v1/live_streams/${door.id}/ingest_sources`;
    const url = 'rtsp://camera.example.com/live';
    const last_error = { message: 'nothing listens there', at: '2026-11-30T07:00:00.000Z' };
    const source = { id: newId('src'), name: 'Front door', url, enabled: true, state: 'idle', state_since: null };
    api.json(`GET /v1/live_streams/${door.id}`, door);
    api.json(`POST ${at}`, { ...source, last_error: null });
    const options = { stdin: 'secret\n' };
    const created = await run(`sources create ${door.id} ${url} --username viewer --password-stdin`, options);
    expect(created.stdout).toMatch(/state +idle/);
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({ url, username: 'viewer', password: 'secret' });
    api.json(`GET ${at}`, { data: [{ ...source, state: 'waiting', last_error }], has_more: false, next_cursor: null });
    expect((await run(`sources list ${door.id}`)).stdout).toMatch(/Front door +waiting .*nothing listens there/);
    api.json(`PATCH ${at}/${source.id}`, source);
    expect((await run(`sources disable ${door.id} ${source.id}`)).stdout).toBe('Front door is disabled.\n');
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({ enabled: false });
    api.on(`DELETE ${at}/${source.id}`, (_, response) => response.writeHead(204).end());
    expect((await run(`sources delete ${door.id} ${source.id}`)).code).toBe(ExitCode.usage);
    expect((await run(`sources delete ${door.id} ${source.id} --yes`)).stdout).toBe(`Deleted ${source.id}.\n`);
  });
});

describe('a stream', () => {
  it('is found by name or id', async () => {
    const [stage, other] = [stream('stage'), stream('stage left')];
    api.json('GET /v1/live_streams?', { data: [other, stage], has_more: false, next_cursor: null });
    api.json(`GET /v1/live_streams/${stage.id}`, stage);
    for (const given of ['stage', 'STAGE', stage.id])
      expect(JSON.parse((await run(`streams get ${given} --json`)).stdout)).toEqual(stage);
    expect(await run('streams get sta')).toMatchObject({ code: ExitCode.notFound });
  });

  it('must be named by its id when two have the name', async () => {
    const two = [stream('stage'), stream('stage')];
    api.json('GET /v1/live_streams?', { data: two, has_more: false, next_cursor: null });
    const { code, stderr } = await run('streams get stage');
    expect(code).toBe(ExitCode.usage);
    for (const { id } of two) expect(stderr).toContain(id);
  });

  it('is changed by options in the units of the API', async () => {
    const stage = stream('stage');
    api.json(`GET /v1/live_streams/${stage.id}`, stage);
    api.json(`PATCH /v1/live_streams/${stage.id}`, stage);
    await run(`streams update ${stage.id} --segment-seconds 1.5 --second-publisher takeover`);
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({
      segment_target_seconds: 1.5,
      second_publisher: 'takeover',
    });
    expect((await run(`streams update ${stage.id}`)).code).toBe(ExitCode.usage);
    api.json('POST /v1/live_streams', stage);
    await run('streams create stage --playback-policy signed --reconnect-seconds 0');
    const created = { name: 'stage', playback_policy: 'signed', reconnect_window_seconds: 0 };
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual(created);
    expect((await run(`streams update ${stage.id} --window-seconds 1.5`)).stderr).toMatch(/whole number/);
  });

  it('is given timed metadata: an object of JSON, or a text', async () => {
    const stage = stream('stage');
    api.json(`GET /v1/live_streams/${stage.id}`, stage);
    api.json(`POST /v1/live_streams/${stage.id}/timed_metadata`, { name: 'score' });
    expect(await run(`streams metadata ${stage.id} goal`)).toMatchObject({ stdout: 'Players of stage get it.\n' });
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({ data: { text: 'goal' } });
    await run(`streams metadata ${stage.id} {"home":2} --name score`);
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({ name: 'score', data: { home: 2 } });
  });

  it('is deleted only with consent', async () => {
    const stage = stream('stage');
    api.json(`GET /v1/live_streams/${stage.id}`, stage);
    api.on(`DELETE /v1/live_streams/${stage.id}`, (_, response) => response.writeHead(204).end());
    expect(await run(`streams delete ${stage.id}`)).toMatchObject({ code: ExitCode.usage });
    expect(api.asked.some(({ line }) => line.startsWith('DELETE'))).toBe(false);
    expect(await run(`streams delete ${stage.id} --yes`)).toMatchObject({
      code: ExitCode.ok,
      stdout: 'Deleted stage.\n',
    });
  });
});

describe('what goes wrong', () => {
  it.each([
    [401, 'unauthenticated', ExitCode.notAuthenticated, /millrace login/],
    [401, 'key_expired', ExitCode.notAuthenticated, /replaced it/],
    [403, 'insufficient_scope', ExitCode.notPermitted, /scope/],
    [404, 'not_found', ExitCode.notFound, /name or id/],
    [409, 'quota_exceeded', ExitCode.failure, /higher limit/],
    [503, 'dependency_unavailable', ExitCode.failure, /doctor/],
  ])(
    '%i %s ends with its own code, in the words of the server, and with what to do',
    async (status, code, exit, advice) => {
      api.problem('GET /v1/live_streams', status, code, 'The detail of it.\u001b[2J');
      const { code: ended, stdout, stderr } = await run('streams list');
      expect(ended).toBe(exit);
      expect(stdout).toBe('');
      expect(stderr).toContain('The detail of it.');
      expect(stderr).toContain(`code ${code}, request req_1, see ${api.url}/docs/errors#${code}`);
      expect(stderr).toMatch(advice);
      expect(stderr).not.toContain('\u001b');
      expect(stderr).not.toContain(key);
    },
  );

  it('names each field that is wrong', async () => {
    api.json(
      'POST /v1/live_streams',
      { title: 'Invalid request', code: 'invalid_request', errors: [{ pointer: '/name', detail: 'too long' }] },
      400,
    );
    expect((await run('streams create x')).stderr).toContain('name: too long');
  });

  it('is told apart when nothing is there', async () => {
    const gone = await new ApiStub().listen();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    const { code, stderr } = await run('streams list', { variables: { MILLRACE_URL: url } });
    expect(code).toBe(ExitCode.unreachable);
    expect(stderr).toMatch(/nothing listens there[^]*Start the server/);
    const nowhere = await run('streams list', { variables: { MILLRACE_URL: 'http://nowhere.invalid' } });
    expect(nowhere.code).toBe(ExitCode.unreachable);
  });

  it('is told apart when something else answers', async () => {
    api.on('GET /v1/live_streams', (_, response) => response.end('<html>'));
    expect((await run('streams list')).stderr).toMatch(/does not answer as Millrace does/);
    api.on('GET /v1/live_streams', (_, response) => response.writeHead(302, { location: 'https://x/' }).end());
    const redirected = await run('streams list');
    expect(redirected.stderr).toContain('redirects to https://x/');
    expect(redirected.code).toBe(ExitCode.failure);
  });

  it('says how it ended when it was interrupted', async () => {
    const stop = new AbortController();
    api.on('GET /v1/live_streams', () => stop.abort());
    expect(await run('streams list', { stop: stop.signal })).toMatchObject({ code: ExitCode.interrupted, stderr: '' });
  });
});

describe('events', () => {
  const event = (type: string, id = newId('evt')) => ({
    id,
    type,
    api_version: 'v1',
    created_at: '2026-11-30T07:00:00.000Z',
    tenant_id: newId('ten'),
    data: { object: { id: newId('str'), name: 'stage', reason: 'timeout' } },
  });
  const frame = (each: ReturnType<typeof event>) =>
    `id: ${each.id}\nevent: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`;

  it('are followed over cut connections, each once, as the API has them', async () => {
    const all = ['live_stream.connected', 'live_stream.active', 'room.started', 'live_stream.idle'].map((type) =>
      event(type),
    );
    api.on('GET /v1/events/stream', ({ lastEventId }, response) => {
      const next = all.findIndex(({ id }) => id === lastEventId) + 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      // Cut in the middle of the event after it.
      response.write(frame(all[next]!));
      response.end(all[next + 1] === undefined ? '' : frame(all[next + 1]!).slice(0, 30));
    });
    const { code, stdout, stderr } = await run('tail --json --count 3 --type live_stream.*');
    expect(code).toBe(ExitCode.ok);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([all[0], all[1], all[3]]);
    expect(api.asked.map(({ lastEventId }) => lastEventId)).toEqual([undefined, all[0]!.id, all[1]!.id, all[2]!.id]);
    expect(stderr).toMatch(/trying again in/);
  });

  it('are filtered by the server where it can, and begin where they are asked to', async () => {
    const one = event('live_stream.active');
    api.on('GET /v1/events/stream', (_, response) => response.end(frame(one)));
    const after = newId('evt');
    const { stdout } = await run(
      `tail --count 1 --type live_stream.active --object ${one.data.object.id} --after ${after}`,
    );
    expect(stdout).toBe(
      `2026-11-30T07:00:00.000Z  live_stream.active          ${one.data.object.id}  stage  reason=timeout\n`,
    );
    expect(api.asked[0]?.line).toContain(`type=live_stream.active&object_id=${one.data.object.id}`);
    expect(api.asked[0]?.lastEventId).toBe(after);
  });

  it('end when the server refuses, at the first try or later', async () => {
    api.problem('GET /v1/events/stream', 403, 'insufficient_scope', 'events:read is missing.');
    expect(await run('tail')).toMatchObject({ code: ExitCode.notPermitted });
    let tries = 0;
    api.on('GET /v1/events/stream', (_, response) => {
      if (++tries > 1)
        response.writeHead(401, { 'content-type': 'application/problem+json' }).end('{"code":"unauthenticated"}');
      else response.end(frame(event('room.started')));
    });
    expect(await run('tail')).toMatchObject({ code: ExitCode.notAuthenticated });
  });
});

describe('watch', () => {
  it('writes a line for each change, goes on while the server is away, and ends when it refuses', async () => {
    const stage = {
      ...stream('stage'),
      playback_ids: [{ id: newId('pbk'), playback_url: 'p', watch_url: 'http://x/watch/pbk' }],
    };
    const session = {
      id: newId('ses'),
      status: 'live',
      started_at: '2026-11-30T07:00:00.000Z',
      ended_at: null,
      warnings: [{ code: 'no_idr', message: 'no keyframes', first_at: '2026-11-30T07:00:01.000Z' }],
      ingest: {
        frame_rate: 30,
        keyframe_interval_seconds: 2,
        video_bits_per_second: 2_000_000,
        audio_bits_per_second: 128_000,
      },
    };
    const looks = ['idle', 'idle', 'away', 'active', 'refused'];
    let look = -1;
    api.json('GET /v1/live_streams?', { data: [stage], has_more: false, next_cursor: null });
    api.on(`GET /v1/live_streams/${stage.id}`, ({ line }, response) => {
      if (line.endsWith('/viewers')) return void response.writeHead(404).end();
      const status = looks[++look];
      if (status === 'away') response.writeHead(503).end('{"title":"Temporarily unavailable"}');
      else if (status === 'refused') response.writeHead(401).end('{"code":"unauthenticated"}');
      else response.end(JSON.stringify({ ...stage, status }));
    });
    api.json('GET /v1/sessions', { data: [session], has_more: false, next_cursor: null });
    api.problem('GET /v1/events', 403, 'insufficient_scope', 'events:read is missing.');
    api.json('GET /watch/', { viewers: 3 });
    const { code, stdout, stderr } = await run('watch stage --interval 1');
    const [link, ...lines] = stdout.trim().split('\n');
    expect(link).toBe('watch  http://x/watch/pbk');
    const rest = '2.13 Mbit/s  30 fps  3 viewers  last error: no_idr (2026-11-30T07:00:01.000Z)';
    const told = lines.map((line) => line.replace(/^\S+ {2}/, ''));
    expect(told).toEqual([`stage  idle  ${rest}`, `stage  active  ${rest}`]);
    expect(stderr).toMatch(/Temporarily unavailable; trying again/);
    expect(code).toBe(ExitCode.notAuthenticated);
  });
});

describe('usage', () => {
  it('is asked for by day and group, and shown in units or as the API has it', async () => {
    const row = {
      from: '2026-11-29T00:00:00.000Z',
      to: '2026-11-30T00:00:00.000Z',
      tenant_id: newId('ten'),
      live_stream_id: null,
      protocol: 'hls',
      ingest_seconds: 5_400,
      ingest_bytes: 1_250_000_000,
      packaged_seconds: 5_400,
      egress_bytes: 999,
      viewer_seconds: 36,
      relay_bytes: 0,
      participant_minutes: 30,
    };
    const page = { data: [row], has_more: false, next_cursor: null };
    api.json('GET /v1/usage', page);
    const line = 'usage --from 2026-11-29 --group-by day,protocol';
    expect(JSON.parse((await run(`${line} --json`)).stdout)).toEqual(page);
    expect(api.asked[0]?.line).toContain('from=2026-11-29T00%3A00%3A00Z&group_by=day%2Cprotocol');
    expect((await run(line)).stdout.replaceAll(/ +/g, ' ')).toBe(
      'FROM PROTOCOL INGEST H INGEST EGRESS VIEWER H RELAY PARTICIPANT H\n2026-11-29 hls 1.50 1.25 GB 999 B 0.01 0 B 0.50\n',
    );
    api.on('GET /v1/usage/export', (_, response) => response.end('from,to\r\n'));
    expect((await run('usage --csv')).stdout).toBe('from,to\r\n');
    expect((await run('usage --group-by week')).code).toBe(ExitCode.usage);
  });
});

describe('a passphrase for SRT', () => {
  it('is read from standard input, for a new key and for one that is rotated', async () => {
    const stage = stream('stage');
    const id = newId('skey');
    const made = {
      id,
      key: newSecretKey('mr_st'),
      server: 'rtmp://x/live',
      expires_at: null,
      has_srt_passphrase: true,
    };
    api.json(`GET /v1/live_streams/${stage.id}`, stage);
    api.json(`POST /v1/live_streams/${stage.id}/stream_keys`, made);
    api.json(`POST /v1/live_streams/${stage.id}/stream_keys/${id}/rotate`, made);
    const piped = { stdin: 'correct-horse-battery\n' };
    const created = await run(`keys create ${stage.id} --srt-passphrase-stdin`, piped);
    expect(created.stdout).toMatch(new RegExp(`SRT +streamid=publish:${id}, with the passphrase`));
    expect(created.stdout).not.toContain('correct-horse');
    await run(`keys rotate ${stage.id} ${id} --srt-passphrase-stdin`, piped);
    await run(`keys rotate ${stage.id} ${id}`);
    const bodies = api.asked
      .filter(({ line }) => line.startsWith('POST'))
      .map(({ body }) => JSON.parse(body) as unknown);
    expect(bodies).toEqual([
      { srt_passphrase: 'correct-horse-battery' },
      { srt_passphrase: 'correct-horse-battery', grace_seconds: 86_400 },
      { grace_seconds: 86_400 },
    ]);
  });
});

describe('secrets', () => {
  it('are shown where that is what the command is for, and by no other', async () => {
    const stage = stream('stage');
    const secret = newSecretKey('mr_st');
    api.json(`GET /v1/live_streams/${stage.id}`, stage);
    api.json(`POST /v1/live_streams/${stage.id}/stream_keys`, {
      id: newId('skey'),
      key: secret,
      server: 'rtmp://x/live',
      expires_at: null,
    });
    expect((await run(`keys create ${stage.id} --name OBS`)).stdout).toMatch(
      new RegExp(`Server +rtmp://x/live\\nStream Key +${secret}`),
    );
    api.json(`GET /v1/live_streams/${stage.id}/stream_keys`, { data: [], has_more: false, next_cursor: null });
    const others = [
      await run(`keys list ${stage.id}`),
      await run(`streams get ${stage.id}`),
      await run('streams list'),
    ];
    for (const { stdout, stderr } of others) expect(stdout + stderr).not.toContain(key);
  });
});

describe('targets', () => {
  it('are added with a key from standard input, listed with what went wrong, switched and deleted', async () => {
    const stage = stream('stage');
    const target = {
      id: newId('smt'),
      name: 'YouTube',
      url: 'rtmp://a.rtmp.youtube.com/live2',
      state: 'waiting',
      connected_at: null,
      bytes_sent: 1_500_000,
      last_error: { code: 'refused', message: 'the server refuses: bad key', at: '2026-11-30T00:00:00Z' },
    };
    const path = `/v1/live_streams/${stage.id}/simulcast_targets`;
    api.json(`GET /v1/live_streams/${stage.id}`, stage);
    api.json(`GET ${path}`, { data: [target], has_more: false, next_cursor: null });
    expect((await run(`targets list ${stage.id}`)).stdout).toMatch(
      /YouTube +waiting +1\.50 MB .*the server refuses: bad key/,
    );
    api.json(`POST ${path}`, target);
    const added = await run(`targets create ${stage.id} ${target.url} --name YouTube`, { stdin: 'abcd-1234\n' });
    expect(added.stdout + added.stderr).not.toContain('abcd-1234');
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({
      url: target.url,
      stream_key: 'abcd-1234',
      name: 'YouTube',
    });
    const whole = 'srt://example.com:8890?streamid=publish:x';
    await run(`targets create ${stage.id} ${whole} --key-in-url`);
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({ url: whole });
    api.json(`PATCH ${path}/${target.id}`, { ...target, state: 'disabled' });
    expect((await run(`targets disable ${stage.id} ${target.id}`)).stdout).toContain('disabled');
    expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({ enabled: false });
    api.on(`DELETE ${path}/${target.id}`, (_, response) => response.writeHead(204).end());
    expect((await run(`targets delete ${stage.id} ${target.id} --yes`)).stdout).toContain(`Deleted ${target.id}`);
  });
});

it('says its version', async () => {
  expect((await run('--version')).stdout).toMatch(/^millrace \d+\.\d+\.\d+\n$/);
});
