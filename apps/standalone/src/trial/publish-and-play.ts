// Proves an installation from the outside: a tenant by REST, a clip by RTMP, the same clip back by HLS; nothing stays behind.
import type { Logger } from '@millrace/service-kit';
import { DemoPublisher } from '../demo/demo-publisher.ts';
import type { FlvClip } from '../demo/flv-clip.ts';
import { firstOf, RestClient, textOf } from '../quickstart/rest-client.ts';
import { probeHls } from './hls-probe.ts';

export interface TrialOptions {
  readonly apiUrl: string;
  readonly rtmpUrl: string;
  readonly operatorKey: string;
  readonly timeoutMs: number;
  readonly clip: FlvClip;
  readonly logger: Logger;
  /** Told what has worked, as text. */
  readonly say: (line: string) => void;
}

/** @throws {RestError | TrialError} with what did not work */
export async function publishAndPlay({ apiUrl, rtmpUrl, operatorKey, timeoutMs, ...rest }: TrialOptions) {
  const { clip, logger, say } = rest;
  const operator = new RestClient(apiUrl, operatorKey);
  const tenantId = textOf(await operator.post('/v1/tenants', { name: 'trial' }), 'id');
  try {
    const apiKey = textOf(await operator.post('/v1/api_keys', { tenant_id: tenantId, name: 'trial' }), 'key');
    const tenant = new RestClient(apiUrl, apiKey);
    const stream = await tenant.post('/v1/live_streams', { name: 'trial' });
    const keys = `/v1/live_streams/${textOf(stream, 'id')}/stream_keys`;
    const streamKey = textOf(await tenant.post(keys, { name: 'trial' }), 'key');
    say(`created a tenant, a stream and its key at ${apiUrl}`);
    const publisher = new DemoPublisher({ rtmpUrl, streamKey, clip, logger });
    publisher.start();
    try {
      const playlist = `${apiUrl}/hls/${textOf(firstOf(stream, 'playback_ids'), 'id')}/index.m3u8`;
      const { segments, bytes } = await probeHls(playlist, timeoutMs);
      say(`published to ${rtmpUrl} and read ${segments} segments, ${bytes} bytes, from ${playlist}`);
    } finally {
      publisher.stop();
    }
  } finally {
    await operator.delete(`/v1/tenants/${tenantId}?purge=true`);
    say('deleted the tenant');
  }
}
