// A whole server on free ports of this machine, with a control plane of the test's own.
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Tracer } from '@millrace/service-kit';
import { turnSettings } from '../settings.ts';
import type { TurnSettings } from '../settings.ts';
import { TurnService } from '../turn.service.ts';
import type { OpenedPorts } from '../worker/worker-messages.ts';
import { TestRelayControl } from './test-relay-control.ts';

export interface RunningTurn {
  readonly service: TurnService;
  readonly control: TestRelayControl;
  readonly metrics: Metrics;
  readonly ports: OpenedPorts;
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
  const logger = createLogger({ service: 'turn', level: 'silent' });
  const service = new TurnService({ settings, control, metrics, logger, readiness: new Readiness(), tracer });
  const ports = await service.listen();
  return { service, control, metrics, ports, stop: () => service.drain() };
}
