import { Inject, Injectable } from '@nestjs/common';
import { CONTROL_PLANE } from '@millrace/control';
import type { ControlPlane, TargetLogin } from '@millrace/control';
import { newId } from '@millrace/domain';
import { placeOf, readTarget } from '@millrace/playout';
import type { GivenTarget, KeptTarget } from '@millrace/playout';
import { AddressRefused, OutboundAddresses } from '@millrace/service-kit';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { notFound, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { SimulcastKeySeal } from '../auth/secret-seal.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { appendEvent, changesBetween } from '../events/append-event.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { findStream } from '../streams/find-stream.ts';
import { lockTenant } from '../tenants/tenant-choice.ts';
import { SimulcastTargetEntity } from './simulcast-target.entity.ts';
import { simulcastTargetEvent, simulcastTargetObject, writeSimulcastTarget } from './simulcast-targets.dto.ts';
import type {
  CreateSimulcastTargetBody,
  ListSimulcastTargetsQuery,
  SimulcastTargetAnswer,
  UpdateSimulcastTargetBody,
} from './simulcast-targets.dto.ts';
import { openedSecrets, sealedText } from './target-secrets.ts';

/** What is forgotten of a target that is changed: reports were of what it was before. */
const UNREPORTED = {
  state: null,
  reportedAt: null,
  connectedAt: null,
  errorCode: null,
  errorMessage: null,
  errorAt: null,
  errorSince: null,
} as const;

@Injectable()
export class SimulcastTargetsService {
  readonly #addresses: OutboundAddresses;

  constructor(
    private readonly database: Database,
    private readonly seal: SimulcastKeySeal,
    private readonly known: KnownFacts,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {
    this.#addresses = new OutboundAddresses(
      settings.simulcastAllowedAddresses,
      undefined,
      'MILLRACE_SIMULCAST_ALLOWED_ADDRESSES',
    );
  }

  async create(caller: Principal, streamId: string, body: CreateSimulcastTargetBody): Promise<SimulcastTargetAnswer> {
    const kept = this.#checked({ url: body.url, streamKey: body.stream_key, login: merged({}, body) });
    const id = newId('smt');
    const now = new Date();
    const row = await this.database.transaction(
      async (manager) => {
        const { tenantId } = await findStream(manager, caller, streamId);
        const made: SimulcastTargetEntity = {
          id,
          tenantId,
          liveStreamId: streamId,
          label: body.name,
          url: kept.url,
          sealed: this.seal.seal(sealedText(kept), id),
          enabled: body.enabled,
          createdAt: now,
          updatedAt: now,
          ...UNREPORTED,
          epoch: null,
          epochBytes: 0,
          pastBytes: 0,
        };
        await this.#checkCounts(manager, made);
        await manager.insert(SimulcastTargetEntity, made);
        await appendEvent(manager, simulcastTargetEvent('simulcast_target.created', made));
        await recordChange(manager, caller, { ...recordOf(made), after: simulcastTargetObject(made) });
        return made;
      },
      { turn: turnOf(caller, streamId) },
    );
    await this.#changed(streamId);
    return writeSimulcastTarget(row);
  }

  async list(
    caller: Principal,
    streamId: string,
    query: ListSimulcastTargetsQuery,
  ): Promise<Page<SimulcastTargetAnswer>> {
    const { before, order, take } = pageFind('simulcastTarget', query);
    const rows = await this.database.run(async (manager) => {
      await findStream(manager, caller, streamId);
      return manager.find(SimulcastTargetEntity, { where: { ...before, liveStreamId: streamId }, order, take });
    });
    return toPage(rows, query.limit, writeSimulcastTarget);
  }

  async read(caller: Principal, streamId: string, id: string): Promise<SimulcastTargetAnswer> {
    return writeSimulcastTarget(await this.database.run((manager) => findTarget(manager, caller, streamId, id)));
  }

  async update(
    caller: Principal,
    streamId: string,
    id: string,
    body: UpdateSimulcastTargetBody,
  ): Promise<SimulcastTargetAnswer> {
    const row = await this.database.transaction(
      async (manager) => {
        const found = await findTarget(manager, caller, streamId, id, true);
        requireMatch(caller, writeSimulcastTarget(found));
        const given = this.#given(found, body);
        const isSame = given === undefined && (body.enabled ?? found.enabled) === found.enabled;
        const values = {
          ...(!isSame && UNREPORTED),
          label: body.name ?? found.label,
          url: given?.url ?? found.url,
          enabled: body.enabled ?? found.enabled,
          ...(given !== undefined && { sealed: this.seal.seal(sealedText(given), id) }),
          updatedAt: timeOfChange(found.updatedAt),
        };
        await manager.update(SimulcastTargetEntity, { id }, values);
        const changed: SimulcastTargetEntity = { ...found, ...values };
        const objects = { before: simulcastTargetObject(found), after: simulcastTargetObject(changed) };
        await appendEvent(manager, {
          ...simulcastTargetEvent('simulcast_target.updated', changed),
          previous: changesBetween(objects.before, objects.after),
        });
        await recordChange(manager, caller, { ...recordOf(found), ...objects });
        return changed;
      },
      { turn: turnOf(caller, id) },
    );
    await this.#changed(streamId);
    return writeSimulcastTarget(row);
  }

  async remove(caller: Principal, streamId: string, id: string): Promise<void> {
    await this.database.transaction(
      async (manager) => {
        const row = await findTarget(manager, caller, streamId, id, true);
        requireMatch(caller, writeSimulcastTarget(row));
        await manager.delete(SimulcastTargetEntity, { id });
        await appendEvent(manager, simulcastTargetEvent('simulcast_target.deleted', row));
        await recordChange(manager, caller, { ...recordOf(row), before: simulcastTargetObject(row) });
      },
      { turn: turnOf(caller, id) },
    );
    await this.#changed(streamId);
  }

  /** Secrets are never sent to another address than the one that they were given with. @returns undefined when neither is changed */
  #given({ id, url, sealed }: SimulcastTargetEntity, body: UpdateSimulcastTargetBody): KeptTarget | undefined {
    if (body.url !== undefined)
      return this.#checked({ url: body.url, streamKey: body.stream_key, login: merged({}, body) });
    if (body.stream_key === undefined && !saysLogin(body)) return undefined;
    const { streamKey, login } = openedSecrets(this.seal.open(sealed, id));
    return this.#checked({ url, streamKey: body.stream_key ?? streamKey, login: merged(login, body) });
  }

  /** @throws ProblemError */
  #checked(given: GivenTarget): KeptTarget {
    const kept = readTarget(given);
    if ('field' in kept) throw faulty(`/${kept.field}`, kept.detail);
    const place = placeOf(kept);
    try {
      if (typeof place !== 'string') this.#addresses.checkHost(place.host);
    } catch (error) {
      if (!(error instanceof AddressRefused)) throw error;
      throw faulty('/url', error.message);
    }
    return kept;
  }

  async #checkCounts(manager: EntityManager, { tenantId, liveStreamId }: SimulcastTargetEntity): Promise<void> {
    await lockTenant(manager, tenantId);
    const { maxSimulcastTargetsPerStream: perStream, maxSimulcastTargetsPerTenant: perTenant } = this.settings;
    if ((await manager.countBy(SimulcastTargetEntity, { liveStreamId })) >= perStream)
      throw new ProblemError('quota_exceeded', `A live stream can have at most ${perStream} simulcast targets.`);
    if ((await manager.countBy(SimulcastTargetEntity, { tenantId })) >= perTenant)
      throw new ProblemError('quota_exceeded', `A tenant can have at most ${perTenant} simulcast targets.`);
  }

  /** The edge of its publisher asks for them again. */
  async #changed(streamId: string): Promise<void> {
    await this.known.changed('simulcastTargets', streamId);
    this.control.targetsChanged({ streamId });
  }
}

const recordOf = ({ tenantId, id }: SimulcastTargetEntity) => ({ tenantId, objectId: id });

type LoginFields = { readonly [Field in keyof TargetLogin]?: string | null | undefined };

const saysLogin = (body: LoginFields): boolean => LOGIN_FIELDS.some((field) => body[field] !== undefined);

/** Null removes a field. @returns undefined when none is left */
function merged(login: TargetLogin | undefined, body: LoginFields): TargetLogin | undefined {
  const fields = LOGIN_FIELDS.flatMap((field) => {
    const text = body[field] === undefined ? login?.[field] : body[field];
    return text === undefined || text === null ? [] : [[field, text] as const];
  });
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

const LOGIN_FIELDS = ['username', 'password', 'passphrase'] as const;

const faulty = (pointer: string, detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer, detail }],
  });

async function findTarget(
  manager: EntityManager,
  caller: Principal,
  streamId: string,
  id: string,
  lock = false,
): Promise<SimulcastTargetEntity> {
  await findStream(manager, caller, streamId);
  const row = await manager.findOne(SimulcastTargetEntity, {
    where: { id, liveStreamId: streamId },
    ...(lock ? { lock: { mode: 'for_no_key_update' as const } } : {}),
  });
  if (row === null) throw notFound();
  return row;
}
