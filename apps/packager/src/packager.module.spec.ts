// The packager inside a Nest application, with control messages in the process.
import 'reflect-metadata';
import {
  ControlPlaneClient,
  ControlSubject,
  InProcessControl,
  sessionActiveSchema,
  takeHandedEvents,
  UsageSubject,
} from '@millrace/control';
import type { HandOver, HandOverAnswer, SessionActive, UsageReport, UsageReportAnswer } from '@millrace/control';
import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import { withCalls } from '@millrace/service-kit/testing';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { describe, expect, it } from 'vitest';
import { PackagerModule } from './packager.module.ts';
import { PackagerService } from './packager.service.ts';
import { packagerSettings } from './settings.ts';
import { faultyStore } from './testing/faulty-store.ts';
import { BBB_FLV, flvLog } from './testing/flv-log.ts';
import { TestPackager } from './testing/test-packager.ts';
import { TestPublisher } from './testing/test-publisher.ts';

const active: SessionActive[] = [];
const reports: UsageReport[] = [];

@Controller()
class GatewayController {
  @MessagePattern<string>(ControlSubject.handOver)
  handOver(@Payload() request: HandOver): Promise<HandOverAnswer> {
    return takeHandedEvents(request, ({ data }) => active.push(sessionActiveSchema.parse(data)) > 0);
  }

  @MessagePattern<string>(UsageSubject.reportUsage)
  report(@Payload() report: UsageReport): UsageReportAnswer {
    reports.push(report);
    return { recorded: true };
  }
}

@Module({ controllers: [GatewayController] })
class GatewayModule {}

describe('PackagerModule', () => {
  it('starts with its application, hears of streams, tells of sessions, and hands over with it', async () => {
    const liveStore = createMemoryLiveStore();
    const frameBus = createMemoryFrameBus();
    const control = new InProcessControl();
    const gateway = await NestFactory.createMicroservice(GatewayModule, { strategy: control.server(), logger: false });
    await gateway.listen();
    const readiness = new Readiness();
    const module = PackagerModule.register({
      // Without the event, the next look would come in an hour.
      settings: { ...packagerSettings.parse({}), workPollMs: 3_600_000, instanceId: 'packager-7' },
      liveStore,
      frameBus,
      control: control.client(),
      metrics: new Metrics({ service: 'test', version: '0', processMetrics: false }),
      logger: createLogger({ service: 'test', level: 'silent' }),
      readiness,
    });
    const hosting = { strategy: control.server(), logger: false, abortOnError: false } as const;
    const app = await NestFactory.createMicroservice(module, hosting);
    await app.listen();
    expect(readiness.report()).toEqual({
      ready: true,
      checks: { live_store: 'ok', commit_marks: 'ok', frame_bus: 'ok' },
    });

    const streamId = newId(IdPrefix.liveStream);
    const publisher = await TestPublisher.connect({ liveStore, frameBus, streamId });
    new ControlPlaneClient(control.client()).streamLive({ streamId });
    await expect.poll(() => app.get(PackagerService).streamIds).toEqual([streamId]);
    expect(await liveStore.readLiveStream(streamId)).toMatchObject({ leaseOwner: 'packager-7' });
    publisher.send(flvLog(BBB_FLV, 1));
    await expect.poll(() => active).toMatchObject([{ streamId, sessionId: publisher.claim.sessionId }]);

    await app.close();
    const { tenantId } = publisher.claim;
    expect(reports.at(-1)?.amounts).toMatchObject([{ tenantId, streamId, kind: 'packaged_seconds' }]);
    expect(await liveStore.readLiveStream(streamId)).toMatchObject({ leaseOwner: undefined });
    expect(await liveStore.readPlaylist(streamId)).toMatchObject({ head: { mediaSequence: 14 }, ended: false });
    await gateway.close();
    await frameBus.close();
    await liveStore.close();
  });

  it('looks for no more work once it stops, and keeps its leases until its streams are handed over', async () => {
    const memory = createMemoryLiveStore();
    const frameBus = createMemoryFrameBus();
    const { store, failing } = faultyStore(memory);
    const calls: string[] = [];
    const liveStore = withCalls(store, (method) => calls.push(method));
    const streamId = newId(IdPrefix.liveStream);
    const packager = await TestPackager.start({ liveStore, frameBus, settings: { leaseRenewMs: 20, workPollMs: 20 } });
    const publisher = await TestPublisher.connect({ liveStore: memory, frameBus, streamId });
    await expect.poll(() => packager.packager.streamIds).toEqual([streamId]);
    failing.add('commit');
    publisher.send(flvLog(BBB_FLV, 1));
    await expect.poll(() => calls).toContain('commit');
    const stopped = packager.stop();
    calls.splice(0);
    await expect.poll(() => calls.filter((method) => method === 'renewLeases').length).toBeGreaterThan(2);
    failing.clear();
    await stopped;
    const order = ['renewLeases', 'commit', 'releaseLease'].map((method) => calls.indexOf(method));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(calls).not.toContain('listLiveStreams');
    expect(calls.lastIndexOf('renewLeases')).toBeLessThan(calls.indexOf('releaseLease'));
    await frameBus.close();
    await memory.close();
  });
});
