// What OBS is told when it asks for its multitrack configuration. Requests are as OBS 31 and OBS 30 make them
// (frontend/utility/GoLiveAPI_PostData.cpp), and answers are read as OBS reads them (frontend/utility/models/multitrack-video.hpp).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';

const PATH = '/v1/GetClientConfiguration';

/** NLOHMANN_DEFINE_TYPE_INTRUSIVE throws where a member is missing; optional ones may be null or missing only with _WITH_DEFAULT. */
const unsigned = z.int().min(0).max(0xff_ff_ff_ff);
const obsAudio = z.object({ codec: z.string(), track_id: unsigned, channels: unsigned, settings: z.looseObject({}) });
const obsConfig = z.object({
  meta: z.object({ service: z.string(), schema_version: z.string(), config_id: z.string() }),
  status: z.object({ result: z.enum(['success', 'warning', 'error']), html_en_us: z.string().nullable() }),
  ingest_endpoints: z.array(
    z.object({ protocol: z.string(), url_template: z.string(), authentication: z.string().optional() }),
  ),
  encoder_configurations: z.array(
    z.object({
      type: z.string(),
      width: unsigned,
      height: unsigned,
      framerate: z.object({ numerator: unsigned, denominator: unsigned.min(1) }),
      gpu_scale_type: z.enum(['OBS_SCALE_BICUBIC']),
      settings: z.looseObject({ bitrate: unsigned, keyint_sec: unsigned }),
      canvas_index: unsigned,
    }),
  ),
  audio_configurations: z.object({ live: z.array(obsAudio), vod: z.array(obsAudio).optional() }),
});
type ObsConfig = z.infer<typeof obsConfig>;

/** As OBS 32 sends it from a machine with a graphics card of NVIDIA. */
const requestOf = (authentication: string) => ({
  service: 'IVS',
  schema_version: '2025-01-25',
  authentication,
  client: { name: 'obs-studio', version: '32.0.1', supported_codecs: ['h264', 'av1'] },
  capabilities: {
    cpu: { physical_cores: 8, logical_cores: 16, speed: 3_600, name: 'a processor' },
    memory: { total: 34_359_738_368, free: 17_179_869_184 },
    gaming_features: { game_bar_enabled: null, hags_enabled: true },
    system: {
      version: '10.0',
      name: 'Windows',
      build: 26_100,
      release: '24H2',
      revision: '1',
      bits: 64,
      arm: false,
      armEmulation: false,
    },
    gpu: [
      {
        model: 'on the board',
        vendor_id: 0x8086,
        device_id: 1,
        dedicated_video_memory: 1,
        shared_system_memory: 1,
        driver_version: null,
      },
      {
        model: 'a card',
        vendor_id: 0x10de,
        device_id: 2,
        dedicated_video_memory: 1,
        shared_system_memory: 1,
        driver_version: '1',
      },
    ],
  },
  preferences: {
    maximum_aggregate_bitrate: null as number | null,
    maximum_video_tracks: null as number | null,
    vod_track_audio: false,
    composition_gpu_index: 1,
    audio_samples_per_sec: 48_000,
    audio_channels: 2,
    audio_max_buffering_ms: 960,
    audio_fixed_buffering: false,
    canvases: [
      {
        width: 1_920,
        height: 1_080,
        canvas_width: 2_560,
        canvas_height: 1_440,
        framerate: { numerator: 30, denominator: 1 },
      },
    ],
  },
});

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const env = {
    MILLRACE_PUBLIC_RTMP_URL: 'rtmp://live.example/live',
    MILLRACE_PUBLIC_RTMPS_URL: 'rtmps://live.example:443/live',
    MILLRACE_API_WRONG_KEYS_PER_MINUTE: '5',
  };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
  world = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const ask = (body: object): Promise<Answer> => gateway.call('POST', PATH, { key: '', body });
async function configured(body: object): Promise<ObsConfig> {
  const { status, body: answer } = await ask(body);
  expect(status).toBe(200);
  return obsConfig.parse(answer);
}
const picture = ({ type, width, height, settings }: ObsConfig['encoder_configurations'][number]) =>
  `${type} ${width}x${height} ${settings.bitrate}`;
const change = (path: string, body: object, key?: string) =>
  gateway.ok(path.endsWith('/quotas') ? 'PUT' : 'PATCH', path, { ...(key !== undefined && { key }), body });

describe('the multitrack configuration of an encoder', () => {
  it('names the renditions for what OBS composes and encodes with, and where to send them', async () => {
    const config = await configured(requestOf(world.streamKey));
    expect(config.status).toEqual({ result: 'success', html_en_us: null });
    expect(config.ingest_endpoints).toEqual([
      { protocol: 'RTMPS', url_template: 'rtmps://live.example:443/live/{stream_key}' },
      { protocol: 'RTMP', url_template: 'rtmp://live.example/live/{stream_key}' },
    ]);
    expect(config.encoder_configurations.map(picture)).toEqual([
      'obs_nvenc_h264_tex 1920x1080 5000',
      'obs_nvenc_h264_tex 1280x720 2600',
      'obs_nvenc_h264_tex 854x480 1350',
      'obs_nvenc_h264_tex 640x360 850',
    ]);
    for (const { settings, framerate } of config.encoder_configurations)
      expect([settings.keyint_sec, framerate]).toEqual([2, { numerator: 30, denominator: 1 }]);
    expect(config.audio_configurations).toEqual({
      live: [{ codec: 'ffmpeg_aac', track_id: 1, channels: 2, settings: { bitrate: 160 } }],
    });
    expect(config.meta).toEqual({ service: 'Millrace', schema_version: '2025-01-25', config_id: '' });
  });

  it('holds to what the streamer has set, and to what the machine can do', async () => {
    const request = requestOf(world.streamKey);
    const few = { ...request, preferences: { ...request.preferences, maximum_video_tracks: 2, vod_track_audio: true } };
    const two = await configured(few);
    expect(two.encoder_configurations).toHaveLength(2);
    expect(two.audio_configurations.vod).toEqual([
      { codec: 'ffmpeg_aac', track_id: 2, channels: 2, settings: { bitrate: 160 } },
    ]);
    const slow = { ...request, preferences: { ...request.preferences, maximum_aggregate_bitrate: 4_000 } };
    expect((await configured(slow)).encoder_configurations.map(picture)).toEqual([
      'obs_nvenc_h264_tex 1280x720 2600',
      'obs_nvenc_h264_tex 854x480 1350',
    ]);
    const bare = {
      ...request,
      capabilities: { cpu: { physical_cores: 4, logical_cores: 8 }, system: { name: 'Linux' } },
    };
    expect((await configured(bare)).encoder_configurations.map(picture)).toEqual([
      'obs_x264 1920x1080 5000',
      'obs_x264 1280x720 2600',
    ]);
  });

  it('is there for OBS 30, which has one canvas and names encoders otherwise', async () => {
    const { preferences, ...request } = requestOf(world.streamKey);
    const { canvases: _none, ...older } = preferences;
    const config = await configured({
      ...request,
      schema_version: '2024-06-04',
      client: { name: 'obs-studio', version: '30.2.3' },
      preferences: { ...older, width: 1_280, height: 720, framerate: { numerator: 60, denominator: 1 } },
    });
    expect(config.meta.schema_version).toBe('2024-06-04');
    expect(config.encoder_configurations.map(picture)[0]).toBe('jim_nvenc 1280x720 3950');
    expect(await configured({ authentication: world.streamKey })).toMatchObject({ status: { result: 'success' } });
  });

  it('holds to the limits of the stream and to the quota of the tenant', async () => {
    const mine = await makeWorld(gateway);
    const stream = `/v1/live_streams/${mine.streamId}`;
    expect(await gateway.ok('GET', stream, { key: mine.apiKey })).toMatchObject({
      multitrack_max_tracks: 4,
      multitrack_max_height: 1_080,
      multitrack_max_bits_per_second: 15_000_000,
    });
    await change(stream, { multitrack_max_height: 720, multitrack_max_tracks: 3 }, mine.apiKey);
    const limited = await configured(requestOf(mine.streamKey));
    expect(limited.encoder_configurations.map(({ height }) => height)).toEqual([720, 480, 360]);
    await change(stream, { multitrack_max_bits_per_second: 4_100_000 }, mine.apiKey);
    expect((await configured(requestOf(mine.streamKey))).encoder_configurations).toHaveLength(2);
    await change(`/v1/tenants/${mine.tenantId}/quotas`, { ingest_bits_per_second: 2_000_000 });
    const total = (await configured(requestOf(mine.streamKey))).encoder_configurations.map(
      ({ settings }) => settings.bitrate,
    );
    expect(total).toEqual([1_350]);
    for (const wrong of [
      { multitrack_max_tracks: 0 },
      { multitrack_max_height: 4_321 },
      { multitrack_max_bits_per_second: 1 },
    ])
      expect((await gateway.call('PATCH', stream, { key: mine.apiKey, body: wrong })).status).toBe(400);
  });

  it('is read by REST as well, for a stream of the caller', async () => {
    const mine = await makeWorld(gateway);
    const path = `/v1/live_streams/${mine.streamId}/client_configuration`;
    const { body } = await gateway.call('GET', `${path}?width=1280&height=720&frame_rate=50&encoder=obs_qsv11_v2`, {
      key: mine.apiKey,
    });
    expect(obsConfig.parse(body).encoder_configurations.map(picture)[0]).toBe('obs_qsv11_v2 1280x720 3550');
    expect((await gateway.call('GET', path, { key: world.apiKey })).status).toBe(404);
    expect((await gateway.call('GET', `${path}?encoder=rawvideo`, { key: mine.apiKey })).status).toBe(400);
  });
});

describe('an encoder that may not publish', () => {
  const refusal = async (key: string): Promise<string> => {
    const { status, encoder_configurations, ingest_endpoints } = await configured(requestOf(key));
    expect([status.result, encoder_configurations, ingest_endpoints]).toEqual(['error', [], []]);
    return status.html_en_us ?? '';
  };

  it('is told why, in what OBS shows to the streamer', async () => {
    const mine = await makeWorld(gateway);
    await gateway.ok('POST', `/v1/live_streams/${mine.streamId}/disable`, { key: mine.apiKey });
    expect(await refusal(mine.streamKey)).toBe('This live stream is disabled.');
    await gateway.ok('POST', `/v1/live_streams/${mine.streamId}/enable`, { key: mine.apiKey });
    const elsewhere = await gateway.ok('POST', `/v1/live_streams/${mine.streamId}/stream_keys`, {
      key: mine.apiKey,
      body: { allowed_addresses: ['203.0.113.0/24'] },
    });
    expect(await refusal(String(elsewhere['key']))).toBe('This stream key may not be used from this address.');
    await gateway.call('DELETE', `/v1/live_streams/${mine.streamId}/stream_keys/${mine.streamKeyId}`, {
      key: mine.apiKey,
    });
    expect(await refusal(mine.streamKey)).toBe('This stream key was revoked; create a new one.');
    expect(await refusal('no key')).toBe('This stream key does not exist; copy it again.');
  });

  it('may not guess: wrong keys are counted by address, good ones are not', async () => {
    const answers = [];
    for (let i = 0; i < 6; i += 1) answers.push((await ask(requestOf(`mr_st_${'0'.repeat(36)}`))).status);
    expect(answers.at(-1)).toBe(429);
    expect((await configured(requestOf(world.streamKey))).status.result).toBe('success');
  });

  it('gets a problem for what OBS never sends', async () => {
    const { preferences, ...request } = requestOf(world.streamKey);
    const bad = (change: object) => ask({ ...request, preferences: { ...preferences, ...change } });
    for (const answer of [
      await ask({}),
      await ask({ authentication: 'x'.repeat(257) }),
      await bad({ canvases: [{ width: 0, height: 1_080, framerate: { numerator: 30, denominator: 1 } }] }),
      await bad({ canvases: [{ width: 2, height: 2, framerate: { numerator: 30, denominator: 0 } }] }),
      await bad({ canvases: Array.from({ length: 65 }, () => preferences.canvases[0]) }),
    ])
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([400, 'invalid_request']);
  });
});
