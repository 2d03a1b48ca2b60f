// What edges say of simulcast targets, and ask about them.
import { createHash } from 'node:crypto';
import { Controller, Inject, Injectable } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  ControlSubject,
  PayloadPipe,
  receivedSyncTargetsSchema,
  simulcastTargetSchema,
  targetReportSchema,
} from '@millrace/control';
import type { ReceivedSyncTargets, SimulcastTarget, SyncTargetsAnswer, TargetReport } from '@millrace/control';
import type { Logger } from '@millrace/service-kit';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { SimulcastKeySeal } from '../auth/secret-seal.ts';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { appendEvent } from '../events/append-event.ts';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { SimulcastTargetEntity } from './simulcast-target.entity.ts';
import { simulcastTargetEvent } from './simulcast-targets.dto.ts';
import { openedSecrets } from './target-secrets.ts';

const VERSION_LENGTH = 16;

/** A report, and the publisher that it is of. */
interface Reported extends TargetReport {
  readonly streamId: string;
  readonly epoch: number;
  readonly isOver: boolean;
}

@Injectable()
export class SimulcastSync {
  constructor(
    private readonly database: Database,
    private readonly facts: FactFinder,
    private readonly seal: SimulcastKeySeal,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
    known: KnownFacts,
  ) {
    known.readBy('simulcastTargets', async (streamIds) => {
      const where = { liveStreamId: In([...streamIds]), enabled: true };
      const rows = await database.run((manager) => manager.findBy(SimulcastTargetEntity, where), 'control');
      const byStream = Map.groupBy(rows, ({ liveStreamId }) => liveStreamId);
      return new Map([...byStream].map(([streamId, targets]) => [streamId, { targets: targets.map(factOf) }]));
    });
  }

  async sync({ streams }: ReceivedSyncTargets): Promise<SyncTargetsAnswer> {
    await this.#record(streams);
    return { streams: await Promise.all(streams.map(({ streamId }) => this.#targetsOf(streamId))) };
  }

  async #targetsOf(streamId: string): Promise<readonly SimulcastTarget[] | null> {
    try {
      const fact = await this.facts.look((read) => read('simulcastTargets', streamId));
      return (fact?.targets ?? []).flatMap((kept) => this.#told(streamId, kept) ?? []);
    } catch (error) {
      if (!(error instanceof NotKnown))
        this.logger.warn({ err: error, stream_id: streamId }, 'cannot tell the targets');
      return null;
    }
  }

  /** One that cannot be told costs no other target anything. */
  #told(streamId: string, { id, url, sealed }: ReturnType<typeof factOf>): SimulcastTarget | undefined {
    const ids = { stream_id: streamId, target_id: id };
    try {
      const secrets = openedSecrets(this.seal.open(Buffer.from(sealed, 'base64'), id));
      const target = { targetId: id, url, version: versionOf(url, sealed), ...secrets };
      // The edge refuses an answer with a malformed target, and the answer is for streams of many tenants.
      if (simulcastTargetSchema.safeParse(target).success) return target;
      this.logger.warn(ids, 'a simulcast target is too long to be sent to edges');
    } catch (error) {
      this.logger.error({ err: error, ...ids }, 'the secrets of a simulcast target cannot be opened');
    }
    return undefined;
  }

  /** The next report says the same again: what cannot be written now is written then. */
  async #record(streams: ReceivedSyncTargets['streams']): Promise<void> {
    const reports = streams.flatMap(({ streamId, epoch, isOver, targets }) =>
      targets.flatMap((report): Reported[] => {
        const { success, data, error } = targetReportSchema.safeParse(report);
        if (success) return [{ ...data, streamId, epoch, isOver }];
        const places = error.issues.map(({ path }) => path.join('.'));
        this.logger.warn({ stream_id: streamId, places }, 'a malformed report of a simulcast target is ignored');
        return [];
      }),
    );
    if (reports.length === 0) return;
    try {
      await this.database.transaction((manager) => record(manager, reports), { lane: 'control' });
    } catch (error) {
      const isAway = error instanceof DatabaseUnavailable;
      this.logger[isAway ? 'debug' : 'warn']({ err: error }, 'cannot write the states of simulcast targets');
    }
  }
}

async function record(manager: EntityManager, reports: readonly Reported[]): Promise<void> {
  const rows = await manager.find(SimulcastTargetEntity, {
    where: { id: In(reports.map(({ targetId }) => targetId)) },
    order: { id: 'ASC' },
    lock: { mode: 'for_no_key_update' },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const report of reports) {
    const row = byId.get(report.targetId);
    // An edge that was believed dead may speak of a publisher that has been followed by another one.
    if (row === undefined || row.liveStreamId !== report.streamId || (row.epoch ?? 0) > report.epoch) continue;
    const after = reportedRow(row, report);
    byId.set(row.id, after);
    await manager.update(SimulcastTargetEntity, { id: row.id }, reportedColumns(after));
    await appendChanges(manager, row, after);
  }
}

function reportedRow(row: SimulcastTargetEntity, report: Reported): SimulcastTargetEntity {
  const { state, bytes, connectedAtMs, fault, epoch, isOver } = report;
  const isNext = row.epoch !== null && row.epoch < epoch;
  return {
    ...row,
    state: isOver ? 'idle' : state,
    reportedAt: new Date(),
    connectedAt: isOver || connectedAtMs === undefined ? null : new Date(connectedAtMs),
    ...(fault !== undefined && {
      errorCode: fault.code,
      errorMessage: fault.message,
      errorAt: new Date(fault.atMs),
      errorSince: new Date(fault.sinceMs),
    }),
    epoch,
    pastBytes: row.pastBytes + (isNext ? row.epochBytes : 0),
    epochBytes: isNext ? bytes : Math.max(row.epochBytes, bytes),
  };
}

const reportedColumns = (row: SimulcastTargetEntity): Partial<SimulcastTargetEntity> => ({
  state: row.state,
  reportedAt: row.reportedAt,
  connectedAt: row.connectedAt,
  errorCode: row.errorCode,
  errorMessage: row.errorMessage,
  errorAt: row.errorAt,
  errorSince: row.errorSince,
  epoch: row.epoch,
  epochBytes: row.epochBytes,
  pastBytes: row.pastBytes,
});

/** One event for each connection, and one for each outage, however often it is reported. */
async function appendChanges(
  manager: EntityManager,
  before: SimulcastTargetEntity,
  after: SimulcastTargetEntity,
): Promise<void> {
  const { id, connectedAt, errorSince, errorAt } = after;
  if (errorSince !== null && errorAt !== null && before.errorSince?.getTime() !== errorSince.getTime())
    await appendEvent(manager, {
      ...simulcastTargetEvent('simulcast_target.failed', after, {
        error: { code: after.errorCode, message: after.errorMessage },
      }),
      at: errorAt,
      once: `target failed ${id} ${errorSince.getTime()}`,
    });
  if (connectedAt !== null && before.connectedAt?.getTime() !== connectedAt.getTime())
    await appendEvent(manager, {
      ...simulcastTargetEvent('simulcast_target.connected', after),
      at: connectedAt,
      once: `target connected ${id} ${connectedAt.getTime()}`,
    });
}

const factOf = ({ id, url, sealed }: SimulcastTargetEntity) => ({
  id,
  url,
  sealed: sealed.toString('base64'),
});

/** A key that is sealed again counts as another one. */
const versionOf = (url: string, sealed: string): string =>
  createHash('sha256').update(`${url} ${sealed}`).digest('base64url').slice(0, VERSION_LENGTH);

/** What edges ask gateways. */
@Controller()
export class SimulcastSyncController {
  constructor(private readonly synchronization: SimulcastSync) {}

  @MessagePattern<string>(ControlSubject.syncTargets)
  sync(@Payload(new PayloadPipe(receivedSyncTargetsSchema)) request: ReceivedSyncTargets): Promise<SyncTargetsAnswer> {
    return this.synchronization.sync(request);
  }
}
