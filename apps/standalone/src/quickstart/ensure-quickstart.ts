// The first start makes a demo tenant with a stream and a room; later starts find what it wrote down.
import { newSecretKey } from '@millrace/domain';
import { ensureDemoRoom } from './demo-room.ts';
import { quickstartFile, readQuickstart, writeQuickstart } from './quickstart.ts';
import type { Quickstart } from './quickstart.ts';
import { firstOf, RestClient, RestError, textOf } from './rest-client.ts';

export interface QuickstartOptions {
  /** Holds quickstart.json. */
  readonly folder: string;
  /** Where the gateway answers now. */
  readonly apiUrl: string;
  /** The addresses that people are given. */
  readonly publicUrl: string;
  readonly publicRtmpUrl: string;
  /** The key that the gateway was started with. */
  readonly operatorKey: string;
  /** Whether the demo clip needs a stream: one of its own, so that an encoder's stream is never in use. */
  readonly demo?: boolean;
}

/** @returns the operator's key that the last start used, or a new one: to start a gateway with */
export function operatorKeyOf(folder: string): string {
  return readQuickstart(quickstartFile(folder))?.operator_key ?? newSecretKey('mr_op');
}

/**
 * Reads quickstart.json, with the addresses as they are now; or makes a tenant, a stream and its keys, and writes it. The link
 * into the demo room is renewed each time, and so is the one that logs in to the console.
 *
 * @throws RestError when the gateway does not do what it is asked
 */
export async function ensureQuickstart(options: QuickstartOptions): Promise<Quickstart> {
  const file = quickstartFile(options.folder);
  const kept = readQuickstart(file);
  const base = kept === undefined ? await makeTenant(options) : withAddresses(kept, options);
  const withClip = options.demo === true ? { ...base, ...(await ensureClipStream(base, options)) } : base;
  const room = await ensureDemoRoom(options.apiUrl, withClip);
  const quickstart = { ...withClip, ...room, console_url: await makeLogin(options) };
  writeQuickstart(file, quickstart);
  return quickstart;
}

async function makeTenant(options: QuickstartOptions): Promise<Quickstart> {
  const { apiUrl, operatorKey } = options;
  const operator = new RestClient(apiUrl, operatorKey);
  const tenantId = textOf(await operator.post('/v1/tenants', { name: 'demo' }), 'id');
  const apiKey = textOf(await operator.post('/v1/api_keys', { tenant_id: tenantId, name: 'quickstart' }), 'key');
  const tenant = new RestClient(apiUrl, apiKey);
  const { playbackId, streamKey } = await makeStream(tenant, 'demo');
  return {
    ...addresses(options, playbackId),
    stream_key: streamKey,
    api_key: apiKey,
    operator_key: operatorKey,
  };
}

/** @returns a link that logs in to the console as the operator, once */
const makeLogin = async ({ apiUrl, operatorKey }: QuickstartOptions): Promise<string> =>
  textOf(await new RestClient(apiUrl, operatorKey).post('/v1/console_logins', {}), 'url');

async function makeStream(tenant: RestClient, name: string) {
  const stream = await tenant.post('/v1/live_streams', { name });
  const keys = `/v1/live_streams/${textOf(stream, 'id')}/stream_keys`;
  const streamKey = textOf(await tenant.post(keys, { name: 'quickstart' }), 'key');
  return { playbackId: textOf(firstOf(stream, 'playback_ids'), 'id'), streamKey };
}

/** @returns nothing when there is one already, or when the demo tenant's key no longer works */
async function ensureClipStream(quickstart: Quickstart, options: QuickstartOptions): Promise<Partial<Quickstart>> {
  if (quickstart.demo_stream_key !== undefined) return {};
  try {
    const { playbackId, streamKey } = await makeStream(new RestClient(options.apiUrl, quickstart.api_key), 'demo clip');
    return { demo_stream_key: streamKey, ...clipAddresses(options, playbackId) };
  } catch (error) {
    if (error instanceof RestError && (error.status === 401 || error.status === 403)) return {};
    throw error;
  }
}

/** The server may have moved to other ports since. */
function withAddresses(kept: Quickstart, options: QuickstartOptions): Quickstart {
  const clip = kept.demo_watch_url === undefined ? {} : clipAddresses(options, playbackIdIn(kept.demo_watch_url));
  return { ...kept, ...addresses(options, playbackIdIn(kept.watch_url)), ...clip, operator_key: options.operatorKey };
}

const playbackIdIn = (watchUrl: string): string => new URL(watchUrl).pathname.split('/').at(-1) ?? '';

function clipAddresses(options: QuickstartOptions, playbackId: string) {
  const { playback_url, watch_url } = addresses(options, playbackId);
  return { demo_playback_url: playback_url, demo_watch_url: watch_url };
}

function addresses({ publicUrl, publicRtmpUrl }: QuickstartOptions, playbackId: string) {
  return {
    rtmp_url: publicRtmpUrl,
    playback_url: `${publicUrl}/hls/${playbackId}/index.m3u8`,
    watch_url: `${publicUrl}/watch/${playbackId}`,
    api_url: `${publicUrl}/v1`,
  };
}
