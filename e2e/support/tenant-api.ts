// A tenant's engineer: makes streams and keys by REST.
import type { Quickstart } from './quickstart.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface TestStream {
  readonly id: string;
  readonly keyId: string;
  readonly key: string;
  readonly playbackId: string;
  readonly playlistUrl: string;
  readonly watchUrl: string;
}

export interface StreamOptions {
  readonly segment_target_seconds?: number;
  readonly playlist_window_seconds?: number;
  readonly reconnect_window_seconds?: number;
  readonly latency_mode?: 'standard' | 'low';
  readonly part_duration_seconds?: number;
  readonly second_publisher?: 'refuse' | 'takeover';
  readonly encryption?: 'none' | 'aes-128';
  readonly key_rotation_segments?: number;
  readonly audio_tracks?: readonly { readonly track: number; readonly name?: string; readonly language?: string }[];
}

export interface TestRoom {
  readonly id: string;
  callUrl(token?: Readonly<Record<string, unknown>>): Promise<string>;
}

export class TenantApi {
  constructor(
    readonly gatewayUrl: string,
    readonly secret: string,
  ) {}

  static of(quickstart: Quickstart): TenantApi {
    return new TenantApi(new URL(quickstart.api_url).origin, quickstart.api_key);
  }

  static operator(quickstart: Quickstart): TenantApi {
    return new TenantApi(new URL(quickstart.api_url).origin, quickstart.operator_key);
  }

  async call(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const answer = await fetch(`${this.gatewayUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.secret}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  /** @throws unless the answer is a success */
  async ok(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A live stream with one key and one playback id. */
  async createStream(name: string, options: StreamOptions = {}): Promise<TestStream> {
    const stream = await this.ok('POST', '/v1/live_streams', { name, ...options });
    const id = String(stream['id']);
    const key = await this.ok('POST', `/v1/live_streams/${id}/stream_keys`, {});
    const [playback] = stream['playback_ids'] as { id: string }[];
    const playbackId = String(playback?.id);
    return {
      id,
      keyId: String(key['id']),
      key: String(key['key']),
      playbackId,
      playlistUrl: `${this.gatewayUrl}/hls/${playbackId}/index.m3u8`,
      watchUrl: `${this.gatewayUrl}/watch/${playbackId}`,
    };
  }

  /** A room and how to make links into its call page. */
  async createRoom(name: string, options: { readonly type?: 'one_to_one' | 'group' } = {}): Promise<TestRoom> {
    const room = await this.ok('POST', '/v1/rooms', { name, ...options });
    const id = String(room['id']);
    return {
      id,
      /** @param token what the token says beside the room */
      callUrl: async (token = {}) => String((await this.ok('POST', `/v1/rooms/${id}/tokens`, token))['call_url']),
    };
  }
}
