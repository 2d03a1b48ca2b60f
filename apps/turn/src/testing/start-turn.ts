// A whole server on free ports of this machine, with a control plane of the test's own.
import 'reflect-metadata';
import { InProcessControl, RELAY_CONTROL, UsageLedger, UsageReporter } from '@millrace/control';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import { withProviders } from '@millrace/service-kit/testing';
import { NestFactory } from '@nestjs/core';
import { turnSettings } from '../settings.ts';
import type { TurnSettings } from '../settings.ts';
import { TurnModule } from '../turn.module.ts';
import { TurnService } from '../turn.service.ts';
import type { OpenedPorts } from '../worker/worker-messages.ts';
import { TestRelayControl } from './test-relay-control.ts';

export interface RunningTurn {
  readonly service: TurnService;
  readonly control: TestRelayControl;
  readonly metrics: Metrics;
  readonly usage: UsageLedger;
  readonly ports: OpenedPorts;
  /** The lines of its log. */
  readonly logged: readonly string[];
  /** Drains and stops it, once. */
  stop(): Promise<void>;
}

export async function startTurn(overrides: Partial<TurnSettings> = {}, tracer?: Tracer): Promise<RunningTurn> {
  const control = new TestRelayControl();
  const metrics = new Metrics({ service: 'turn', version: '0', processMetrics: false });
  const settings: TurnSettings = {
    ...turnSettings.parse({}),
    turnHosts: ['127.0.0.1', '::1'],
    turnPort: 0,
    turnTlsPort: 0,
    turnDrainMs: 0,
    // Peers are other sockets of this machine, on any port.
    turnAllowedPeers: ['127.0.0.0/8', '::1'],
    turnOwnPeerPorts: [{ first: 1, last: 65_535 }],
    ...overrides,
  };
  const logged: string[] = [];
  const logger = createLogger({ service: 'turn', level: 'info', destination: { write: (line) => logged.push(line) } });
  const options = { settings, control: new InProcessControl().client(), metrics, logger, readiness: new Readiness() };
  const usage = new UsageLedger();
  const module = withProviders(
    TurnModule.register({ ...options, tracer }),
    { provide: RELAY_CONTROL, useValue: control },
    { provide: UsageReporter, useValue: { ledger: usage } },
  );
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const service = app.get(TurnService);
  let stopped: Promise<void> | undefined;
  return { service, control, metrics, usage, ports: service.ports!, logged, stop: () => (stopped ??= app.close()) };
}
