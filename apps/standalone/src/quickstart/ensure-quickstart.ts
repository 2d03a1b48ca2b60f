// The first start makes a demo tenant with a stream and a room; later starts find what it wrote down.
import { newSecretKey } from '@millrace/domain';
import { ensureDemoRoom } from './demo-room.ts';
import { quickstartFile, readQuickstart, writeQuickstart } from './quickstart.ts';
import type { Quickstart } from './quickstart.ts';
import { firstOf, RestClient, textOf } from './rest-client.ts';

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
}

/** @returns the operator's key that the last start used, or a new one: to start a gateway with */
export function operatorKeyOf(folder: string): string {
  return readQuickstart(quickstartFile(folder))?.operator_key ?? newSecretKey('mr_op');
}

/**
 * Reads quickstart.json, with the addresses as they are now; or makes a tenant, a stream and its keys, and writes it. The link
 * into the demo room is renewed each time.
 *
 * @throws RestError when the gateway does not do what it is asked
 */
export async function ensureQuickstart(options: QuickstartOptions): Promise<Quickstart> {
  const file = quickstartFile(options.folder);
  const kept = readQuickstart(file);
  const demo = kept === undefined ? await makeDemo(options) : withAddresses(kept, options);
  const quickstart = { ...demo, ...(await ensureDemoRoom(options.apiUrl, demo)) };
  writeQuickstart(file, quickstart);
  return quickstart;
}

async function makeDemo(options: QuickstartOptions): Promise<Quickstart> {
  const { apiUrl, operatorKey } = options;
  const operator = new RestClient(apiUrl, operatorKey);
  const tenantId = textOf(await operator.post('/v1/tenants', { name: 'demo' }), 'id');
  const apiKey = textOf(await operator.post('/v1/api_keys', { tenant_id: tenantId, label: 'quickstart' }), 'key');
  const tenant = new RestClient(apiUrl, apiKey);
  const stream = await tenant.post('/v1/live_streams', { name: 'demo' });
  const keys = `/v1/live_streams/${textOf(stream, 'id')}/stream_keys`;
  const streamKey = textOf(await tenant.post(keys, { label: 'quickstart' }), 'key');
  return {
    ...addresses(options, textOf(firstOf(stream, 'playback_ids'), 'id')),
    stream_key: streamKey,
    api_key: apiKey,
    operator_key: operatorKey,
  };
}

/** The server may have moved to other ports since. */
function withAddresses(kept: Quickstart, options: QuickstartOptions): Quickstart {
  const playbackId = new URL(kept.watch_url).pathname.split('/').at(-1) ?? '';
  return { ...kept, ...addresses(options, playbackId), operator_key: options.operatorKey };
}

function addresses({ publicUrl, publicRtmpUrl }: QuickstartOptions, playbackId: string) {
  return {
    rtmp_url: publicRtmpUrl,
    playback_url: `${publicUrl}/hls/${playbackId}/index.m3u8`,
    watch_url: `${publicUrl}/watch/${playbackId}`,
    api_url: `${publicUrl}/v1`,
  };
}
