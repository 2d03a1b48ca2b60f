// A tenant that wants ten times what each of its quotas allows, and does not stop when it is refused.
import { setTimeout as delay } from 'node:timers/promises';
import { TurnClient, udpLink } from '@millrace/turn/testing';
import type { FlvTag } from './flv-tags.ts';
import { RawRtmpClient } from './raw-rtmp-client.ts';
import { RelayedEcho } from './relayed-echo.ts';
import { RoomSocket } from './room-socket.ts';
import type { RunningCluster } from './start-cluster.ts';
import { TenantApi } from './tenant-api.ts';
import type { TestStream } from './tenant-api.ts';

const FACTOR = 10;
/** Clients that are refused try again after this time. */
const RETRY_MS = 500;
const STEP_MS = 100;
/** So many packets are not on their way any more. */
const LOST_PACKETS = 200;
const STEPS_PER_SECOND = 1_000 / STEP_MS;

const QUOTAS = {
  live_streams: 1,
  ingest_bits_per_second: 400_000,
  participants: 1,
  relay_allocations: 1,
  relay_bits_per_second: 64_000,
  api_reads_per_second: 10,
  api_writes_per_second: 2,
};
type Quota = keyof typeof QUOTAS;
type Streams = readonly Pick<TestStream, 'id' | 'key'>[];

export interface LoudTenantOptions {
  readonly cluster: RunningCluster;
  /** What its encoders send. */
  readonly tags: readonly FlvTag[];
}

export class LoudTenant {
  /** How often it was refused by each quota. */
  readonly refusals: Partial<Record<Quota, number>> = {};
  readonly #options: LoudTenantOptions;
  readonly #tenantId: string;
  readonly #api: TenantApi;
  readonly #streams: Streams;
  readonly #token: string;
  readonly #work = new Set<Promise<void>>();
  #stopping = false;

  private constructor(options: LoudTenantOptions, tenantId: string, api: TenantApi, streams: Streams, token: string) {
    this.#options = options;
    this.#tenantId = tenantId;
    this.#api = api;
    this.#streams = streams;
    this.#token = token;
  }

  static async create(options: LoudTenantOptions): Promise<LoudTenant> {
    const { cluster } = options;
    const operator = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.operator_key);
    const id = String((await operator.ok('POST', '/v1/tenants', { name: 'loud' }))['id']);
    const { key } = await operator.ok('POST', '/v1/api_keys', { tenant_id: id, name: 'loud' });
    const api = new TenantApi(cluster.gatewayUrl(1), String(key));
    const streams = await Promise.all(Array.from({ length: FACTOR }, (_, n) => api.createStream(`loud ${n}`)));
    const room = await api.ok('POST', '/v1/rooms', { name: 'loud' });
    const { token } = await api.ok('POST', `/v1/rooms/${String(room['id'])}/tokens`, {});
    await operator.ok('PUT', `/v1/tenants/${id}/quotas`, QUOTAS);
    return new LoudTenant(options, id, api, streams, String(token));
  }

  begin(): void {
    this.#stopping = false;
    for (const stream of this.#streams) this.#again(() => this.#publish(stream.key));
    for (let n = 0; n < FACTOR; n++) {
      this.#again(() => this.#join());
      this.#again(() => this.#relay());
    }
    const { id } = this.#streams[0]!;
    this.#ask('api_reads_per_second', () => this.#api.call('GET', `/v1/live_streams/${id}`));
    this.#ask('api_writes_per_second', () => this.#api.call('PATCH', `/v1/live_streams/${id}`, { name: 'loud' }));
  }

  /** Whether it is at the limit of every quota. */
  get isRefusedByAll(): boolean {
    return Object.keys(QUOTAS).every((quota) => quota in this.refusals);
  }

  /** The quotas that it was told to have used up, and that it was refused allocations. */
  async tidings(): Promise<ReadonlySet<string>> {
    const operator = new TenantApi(this.#api.gatewayUrl, this.#options.cluster.quickstart.operator_key);
    const { data } = await operator.ok('GET', `/v1/events?limit=100&tenant_id=${this.#tenantId}`);
    const events = data as { type: string; data: { object: Record<string, unknown> } }[];
    return new Set(events.map(({ type, data: { object } }) => `${type} ${String(object['quota'])}`));
  }

  async end(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#work);
  }

  #refused(quota: Quota): void {
    this.refusals[quota] = (this.refusals[quota] ?? 0) + 1;
  }

  /** Does it again and again, whatever comes of it. */
  #again(act: () => Promise<void>): void {
    const loop = async (): Promise<void> => {
      while (!this.#stopping) {
        await act().catch(() => undefined);
        if (!this.#stopping) await delay(RETRY_MS);
      }
    };
    this.#track(loop());
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }

  /** Ten times as many requests as the quota allows, whether they are answered or not. */
  #ask(quota: 'api_reads_per_second' | 'api_writes_per_second', call: () => ReturnType<TenantApi['call']>): void {
    const count = (QUOTAS[quota] * FACTOR) / STEPS_PER_SECOND;
    const one = async (): Promise<void> => {
      const { status } = await call();
      if (status === 429) this.#refused(quota);
    };
    const loop = async (): Promise<void> => {
      while (!this.#stopping) {
        for (let n = 0; n < count; n++) this.#track(one().catch(() => undefined));
        await delay(STEP_MS);
      }
    };
    this.#track(loop());
  }

  /** Sends ten times the bitrate that its quota allows, until the edge has had enough of it. */
  async #publish(key: string): Promise<void> {
    const port = this.#options.cluster.ports.edges[0]!.rtmp;
    const client = await RawRtmpClient.publish(port, 'live', key).catch((error: unknown) => {
      if (String(error).includes('live_streams')) this.#refused('live_streams');
      throw error;
    });
    try {
      await client.setChunkSize(4_096);
      const beganMs = performance.now();
      let sentBits = 0;
      for (const { type, timestampMs, body } of this.#options.tags) {
        if (this.#stopping || client.closed) break;
        const csid = type === 9 ? 6 : 4;
        await client.send({ type, streamId: 1, timestamp: timestampMs, body }, { csid, headers: 'full' });
        sentBits += body.length * 8;
        const aheadMs = (sentBits / (QUOTAS.ingest_bits_per_second * FACTOR)) * 1_000 - (performance.now() - beganMs);
        if (aheadMs > STEP_MS) await delay(aheadMs);
      }
      const isCut = client.statuses.some(({ description }) => description.includes('ingest_bits_per_second'));
      if (isCut) this.#refused('ingest_bits_per_second');
    } finally {
      client.destroy();
    }
  }

  async #join(): Promise<void> {
    const socket = await RoomSocket.open(
      `ws://127.0.0.1:${this.#options.cluster.ports.signalings[0]?.websocket}/v1/rooms`,
    );
    try {
      socket.send({ type: 'join', version: 1, token: this.#token });
      const answer = await socket.next('joined', 'error');
      if (answer['type'] === 'joined') await this.#untilEnd();
      else if (answer['code'] === 'quota') this.#refused('participants');
    } finally {
      socket.close();
    }
  }

  async #relay(): Promise<void> {
    const { status, body } = await this.#api.call('POST', '/v1/ice_servers', {});
    if (status !== 201) return;
    const [, turn] = body['ice_servers'] as [unknown, { username: string; credential: string }];
    const user = { username: turn.username, password: turn.credential };
    const client = new TurnClient(await udpLink('127.0.0.1', this.#options.cluster.ports.turns[0]!.turn), user);
    const echo = await RelayedEcho.begin(client).catch((error: unknown) => {
      client.close();
      if (String(error).includes('486')) this.#refused('relay_allocations');
      throw error;
    });
    await this.#untilEnd(() => {
      if (echo.sent - echo.returned.length > LOST_PACKETS) this.#refused('relay_bits_per_second');
    });
    echo.stop();
    await client.refresh(0);
    echo.close();
  }

  async #untilEnd(step: () => void = () => undefined): Promise<void> {
    while (!this.#stopping) {
      step();
      await delay(STEP_MS);
    }
  }
}
