// Makes the streams that the load publishes, by REST as a tenant's engineer would, and tells the load tool their names.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Requests under way at once while the streams are made. */
const CONCURRENCY = 8;

export interface MadeStreams {
  /** Arguments of mediaload. */
  readonly args: readonly string[];
  readonly firstPlaybackId: string;
}

/** Where the load tool plays what it publishes. @param ports those that the server has */
export const playArgs = ({ rtmp, http, rtsp }: { rtmp: number; http?: number; rtsp?: number }): string[] => [
  '--play-rtmp',
  `rtmp://127.0.0.1:${rtmp}/play`,
  '--play-name',
  '%p',
  ...(http === undefined ? [] : ['--flv-url', `http://127.0.0.1:${http}/live/%p.flv`]),
  ...(rtsp === undefined ? [] : ['--rtsp-url', `rtsp://127.0.0.1:${rtsp}/play/%p`]),
];

export async function makeStreams(
  api: string,
  operatorKey: string,
  count: number,
  workDir: string,
  lowLatency = false,
): Promise<MadeStreams> {
  const call = async (key: string, path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${api}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  const tenant = await call(operatorKey, '/v1/tenants', { name: 'bench', max_live_streams: count });
  const names: string[] = [];
  const ids: string[] = [];
  const make = async (i: number): Promise<void> => {
    // Releases before low latency do not know the field.
    const latency = lowLatency ? { latency_mode: 'low' } : {};
    const settings = { tenant_id: tenant['id'], name: `bench ${i}`, ...latency };
    const stream = await call(operatorKey, '/v1/live_streams', settings);
    const key = await call(operatorKey, `/v1/live_streams/${String(stream['id'])}/stream_keys`, {});
    names[i] = String(key['stream_key'] ?? key['secret'] ?? key['key']);
    const [existing] = stream['playback_ids'] as { id: string }[];
    ids[i] =
      existing?.id ??
      String((await call(operatorKey, `/v1/live_streams/${String(stream['id'])}/playback_ids`, {}))['id']);
  };
  for (let i = 0; i < count; i += CONCURRENCY) {
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, count - i) }, (_, j) => make(i + j)));
  }
  const namesFile = join(workDir, 'names');
  const idsFile = join(workDir, 'ids');
  writeFileSync(namesFile, names.join('\n'));
  writeFileSync(idsFile, ids.join('\n'));
  return { args: ['--name', '%n', '--names', namesFile, '--ids', idsFile], firstPlaybackId: ids[0]! };
}
