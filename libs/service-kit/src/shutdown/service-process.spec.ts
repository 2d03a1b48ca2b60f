// The skeleton of all services: what is open when, and what is closed behind what.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../logging/logger.ts';
import { NO_TRACER } from '../tracing/tracer.ts';
import { ServiceProcess, startMicroservice } from './service-process.ts';
import type { ServiceParts, ServiceSettings } from './service-process.ts';

const SETTINGS: ServiceSettings = {
  logLevel: 'silent',
  logPretty: false,
  instanceId: 'test-1',
  metricsHost: '127.0.0.1',
  metricsPort: 0,
  adminDrain: true,
  podDeletionCost: false,
  podName: undefined,
  podNamespace: undefined,
  kubernetesHost: undefined,
  kubernetesPort: 443,
};

const steps: string[] = [];

@Injectable()
class Door implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  onApplicationBootstrap(): void {
    steps.push('door opened');
  }

  async beforeApplicationShutdown(): Promise<void> {
    steps.push('drain begun');
    await new Promise(setImmediate);
    steps.push('drained');
  }

  onApplicationShutdown(): void {
    steps.push('door closed');
  }
}

@Module({ providers: [Door] })
class TestModule {}

/** Control messages that are there when the test says so. */
class LateTransport extends Server implements CustomTransportStrategy {
  readonly heard: Promise<void>;

  constructor(heard: Promise<void>) {
    super();
    this.heard = heard;
  }

  listen(callback: () => void): void {
    steps.push('transport opened');
    void this.heard.then(callback);
  }

  close(): void {
    steps.push('transport closed');
  }

  on(): void {}

  unwrap<T>(): T {
    throw new Error('there is nothing below');
  }
}

function create(
  over: Partial<ServiceParts<ServiceSettings, { readonly bus: string }, { readonly rtmp: number }>> = {},
) {
  const heard = Promise.withResolvers<void>();
  const parts: ServiceParts<ServiceSettings, { readonly bus: string }, { readonly rtmp: number }> = {
    ports: (_context, undo) => {
      steps.push('bus opened');
      undo.add(() => steps.push('bus closed'));
      return Promise.resolve({ bus: 'the bus' });
    },
    module: ({ bus }) => {
      steps.push(`module of ${bus}`);
      return { module: TestModule };
    },
    start: startMicroservice(() => ({ strategy: new LateTransport(heard.promise) })),
    work: () => ({ leave: () => void steps.push('left'), left: () => 3 }),
    opened: () => ({ rtmp: 1935 }),
    ...over,
  };
  const logger = createLogger({ service: 'test', level: 'silent' });
  const identity = { service: 'test', version: '1.2.3', logger, tracer: NO_TRACER };
  return { process: new ServiceProcess(parts, { ...identity, settings: SETTINGS }), hear: () => heard.resolve() };
}

describe('a service as a process', () => {
  beforeEach(() => void steps.splice(0));

  it('opens ports, module and doors in this order, drains, and closes in the opposite one', async () => {
    const { process, hear } = create();
    hear();
    const opened = await process.start();
    expect(opened).toMatchObject({ rtmp: 1935 });
    const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${opened.metrics}${path}`, init);
    expect((await ask('/readyz')).status).toBe(200);
    expect(await (await ask('/metrics')).text()).toContain('millrace_build_info{component="test",version="1.2.3"');
    expect(await (await ask('/drain', { method: 'POST' })).json()).toMatchObject({ draining: true, left: 3 });
    await expect.poll(() => steps.at(-1)).toBe('left');
    expect((await ask('/readyz')).status).toBe(503);
    await process.stop();
    const start = ['bus opened', 'module of the bus', 'door opened', 'transport opened'];
    // Control messages are heard, and the bus is open, until the drain is over.
    const drain = ['left', 'drain begun', 'drained', 'door closed'];
    expect(steps).toEqual([...start, ...drain, 'transport closed', 'bus closed']);
    await expect(ask('/healthz')).rejects.toThrow('fetch failed');
  });

  it('is not ready, and says why, before it hears control messages', async () => {
    let port = 0;
    const { process, hear } = create({
      ports: ({ readiness }) => {
        expect(readiness.report()).toEqual({ ready: false, checks: { process: 'starting' } });
        port = 1;
        return Promise.resolve({ bus: 'the bus' });
      },
      opened: (_app, { readiness }) => {
        expect(readiness.report()).toEqual({ ready: true, checks: {} });
        return { rtmp: port };
      },
      start: async (module, context, undo) => {
        const starting = startMicroservice(() => ({ strategy: new LateTransport(heard.promise) }))(
          module,
          context,
          undo,
        );
        await expect.poll(() => steps).toContain('transport opened');
        expect(context.readiness.report().checks).toEqual({ process: 'starting', control: 'waiting for NATS' });
        heard.resolve();
        return starting;
      },
    });
    const heard = Promise.withResolvers<void>();
    hear();
    expect(await process.start()).toMatchObject({ rtmp: 1 });
    await process.stop();
  });

  it('closes what it has opened when the start fails half-way', async () => {
    const { process } = create({
      start: () => Promise.reject(new Error('the port is taken')),
    });
    await expect(process.start()).rejects.toThrow('the port is taken');
    await process.stop();
    expect(steps).toEqual(['bus opened', 'module of the bus', 'bus closed']);
  });
});
