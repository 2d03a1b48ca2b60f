// The server inside a Nest application, with control messages in the process.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { InProcessControl, RelayControlClient, RelaySubject, UsageSubject } from '@millrace/control';
import type {
  AuthorizeRelay,
  AuthorizeRelayAnswer,
  RelayUsage,
  UsageReport,
  UsageReportAnswer,
} from '@millrace/control';
import { createLogger, Metrics, NO_TRACER, Readiness, startMicroservice, UndoStack } from '@millrace/service-kit';
import { expect, it } from 'vitest';
import { TurnModule } from './turn.module.ts';
import { TurnService } from './turn.service.ts';
import { turnSettings } from './settings.ts';
import { errorOf, TestRelayControl, TurnClient, udpLink } from './testing/index.ts';

const plane = new TestRelayControl();
const reports: UsageReport[] = [];

@Controller()
class GatewayController {
  @MessagePattern<string>(RelaySubject.authorizeRelay)
  authorize(@Payload() { username }: AuthorizeRelay): AuthorizeRelayAnswer {
    return plane.answer(username);
  }

  @EventPattern<string>(RelaySubject.relayUsage)
  usage(@Payload() usage: RelayUsage): void {
    plane.usage.push(usage);
  }

  @MessagePattern<string>(UsageSubject.reportUsage)
  report(@Payload() report: UsageReport): UsageReportAnswer {
    reports.push(report);
    return { recorded: true };
  }
}

@Module({ controllers: [GatewayController] })
class GatewayModule {}

const service = (turnDrainMs: number, control: InProcessControl) => ({
  settings: {
    ...turnSettings.parse({}),
    turnHosts: ['127.0.0.1'],
    turnAllowedPeers: ['127.0.0.0/8'],
    turnPort: 0,
    turnDrainMs,
    instanceId: 'turn-7',
  },
  control: control.client(),
  metrics: new Metrics({ service: 'test', version: '0', processMetrics: false }),
  logger: createLogger({ service: 'turn', level: 'silent' }),
  readiness: new Readiness(),
  tracer: NO_TRACER,
});

it('listens with its application, asks and hears the control plane, and drains with it', async () => {
  const control = new InProcessControl();
  const gateway = await NestFactory.createMicroservice(GatewayModule, {
    strategy: control.server('gateway'),
    logger: false,
  });
  await gateway.listen();
  const module = TurnModule.register(service(0, control));
  const options = { strategy: control.server(), logger: false, abortOnError: false } as const;
  const app = await NestFactory.createMicroservice(module, options);
  await app.listen();
  const user = plane.user();
  const { udp } = app.get(TurnService).ports!;
  const [client, late] = [
    new TurnClient(await udpLink('127.0.0.1', udp), user),
    new TurnClient(await udpLink('127.0.0.1', udp), user),
  ];
  const peer = await client.relay();
  await client.permit(peer.address);
  client.sendTo(peer, Buffer.alloc(100));
  await expect.poll(() => client.received.length).toBe(1);

  plane.revoked.add(user.subject);
  new RelayControlClient(control.client()).revokeRelay({ tenantId: user.tenantId, subject: user.subject });
  await expect.poll(() => plane.usage).toMatchObject([{ turnId: 'turn-7', subject: 'alice', final: true }]);
  expect(errorOf(await late.allocate())).toBe(401);
  await app.close();
  // Counted until the end: what it has sent to its own relay, and what came from there.
  const amounts = reports.flatMap((report) => report.amounts);
  expect(amounts).toMatchObject([{ tenantId: user.tenantId, kind: 'relay_bytes', amount: 200 }]);
  await gateway.close();
  client.close();
  late.close();
});

it('stops once its allocations have ended, and hears revocations until then', async () => {
  const control = new InProcessControl();
  const gateway = await NestFactory.createMicroservice(GatewayModule, {
    strategy: control.server('gateway'),
    logger: false,
  });
  await gateway.listen();
  const options = service(60_000, control);
  const undo = new UndoStack();
  const start = startMicroservice(() => ({ strategy: control.server() }));
  const app = await start(TurnModule.register(options), options, undo);
  const { ports } = app.get(TurnService);
  const user = plane.user('bob');
  const client = new TurnClient(await udpLink('127.0.0.1', ports!.udp), user);
  await client.relay();

  let isStopped = false;
  const stopped = undo.run().then(() => (isStopped = true));
  await expect.poll(() => options.metrics.text()).toContain('turn_draining 1');
  expect(errorOf(await client.refresh(600))).toBe(0);
  expect(isStopped).toBe(false);
  new RelayControlClient(control.client()).revokeRelay({ tenantId: user.tenantId, subject: user.subject });
  await stopped;
  await gateway.close();
  client.close();
});
