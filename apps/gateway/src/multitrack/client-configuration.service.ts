import { Inject, Injectable } from '@nestjs/common';
import { isSecretKey, PUBLISH_REFUSALS } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyHasher } from '../auth/key-hasher.ts';
import type { Principal } from '../auth/principal.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { Database } from '../database/database.ts';
import { html } from '../html/html.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { isAllowedFrom, PublishFactsFinder, refusalOf } from '../publish-control/publish-facts.ts';
import type { PublishFacts } from '../publish-control/publish-facts.ts';
import type { GatewaySettings } from '../settings.ts';
import { findStream } from '../streams/find-stream.ts';
import { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import { configureClient, refuseClient, wishFor, wishOf } from './client-configuration.ts';
import type { EncoderWish, MultitrackLimits } from './client-configuration.ts';
import type {
  ClientConfiguration,
  ClientConfigurationQuery,
  ClientConfigurationRequest,
} from './client-configuration.dto.ts';

@Injectable()
export class ClientConfigurationService {
  constructor(
    private readonly facts: PublishFactsFinder,
    private readonly known: KnownFacts,
    private readonly hasher: KeyHasher,
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /**
   * Answers an encoder that shows its stream key. Encoders show their users only what an answer of 200 contains, so a refusal is one too.
   *
   * @throws ProblemError `too_many_requests` after too many wrong keys
   */
  async answerEncoder(
    request: FastifyRequest,
    reply: FastifyReply,
    body: ClientConfigurationRequest,
  ): Promise<ClientConfiguration> {
    const refuse = (refusal: PublishRefusal): ClientConfiguration =>
      refuseClient(html`${sentence(PUBLISH_REFUSALS[refusal])}`, body.schema_version);
    // OBS lets parameters be added to a key.
    const [key = ''] = body.authentication.split('?', 1);
    const found = isSecretKey('mr_st', key) ? await this.facts.find(this.hasher.hash(key).toString('hex')) : BAD_KEY;
    if (!found.found) {
      const tooMany = found.refusal === 'bad_key' && request.server.apiRates.countWrongKey(request, reply);
      if (tooMany) throw tooMany;
      return refuse(found.refusal);
    }
    const { facts } = found;
    const refusal = refusalOf(facts, Date.now());
    if (refusal !== undefined) return refuse(refusal);
    if (!isAllowedFrom(facts.key, request.server.clientAddresses.of(request.raw))) return refuse('address_not_allowed');
    const row = await this.#streamOf(facts);
    if (row === undefined) return refuse('unavailable');
    return this.#configure(wishOf(body), limitsOf(row, facts.tenant.maxIngestBitsPerSecond));
  }

  /** The same for a stream of the caller, to be entered in OBS by hand. */
  async read(
    caller: Principal,
    streamId: string,
    { width, height, frame_rate, encoder }: ClientConfigurationQuery,
  ): Promise<ClientConfiguration> {
    const row = await this.database.run((manager) => findStream(manager, caller, streamId));
    const tenant = await this.known.of('tenants').read(row.tenantId);
    const canvas = { width, height, framerate: { numerator: frame_rate, denominator: 1 } };
    return this.#configure(wishFor(canvas, encoder), limitsOf(row, tenant?.maxIngestBitsPerSecond));
  }

  #configure(wish: EncoderWish, limits: MultitrackLimits): ClientConfiguration {
    return configureClient(wish, limits, this.settings);
  }

  async #streamOf({ key }: PublishFacts): Promise<LiveStreamEntity | undefined> {
    try {
      const where = { id: key.streamId };
      return (await this.database.run((manager) => manager.findOneBy(LiveStreamEntity, where), 'control')) ?? undefined;
    } catch (error) {
      if (error instanceof DatabaseUnavailable) return undefined;
      throw error;
    }
  }
}

const BAD_KEY = { found: false, refusal: 'bad_key' } as const;

const limitsOf = (row: LiveStreamEntity, maxIngest: number | null | undefined): MultitrackLimits => ({
  maxTracks: row.multitrackMaxTracks,
  maxHeight: row.multitrackMaxHeight,
  maxBitsPerSecond: row.multitrackMaxBitsPerSecond,
  maxIngestBitsPerSecond: maxIngest ?? undefined,
});

/** As people read it: without the code in front. */
function sentence(text: string): string {
  const words = text.slice(text.indexOf(': ') + 2);
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}
