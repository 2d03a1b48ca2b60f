// Wiring: the packager as a part of a Nest application.
import { ControlPlaneClient } from '@millrace/control';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { PACKAGER_OPTIONS } from './packager-options.ts';
import type { PackagerOptions } from './packager-options.ts';
import { Packager } from './packager.ts';
import { PackagerService } from './packager.service.ts';
import { StreamLiveController } from './stream-live.controller.ts';

@Module({})
export class PackagerModule {
  /** The packager on these ports. It starts with the application and hands its streams over before the application ends. */
  static register(options: PackagerOptions): DynamicModule {
    const { logger, tracer } = options;
    const control = new ControlPlaneClient(options.control, {
      traceparent: () => tracer?.current?.traceparent,
      onError: (subject, error) => logger.warn({ err: error, subject }, 'could not send an event'),
    });
    return {
      module: PackagerModule,
      controllers: [StreamLiveController],
      providers: [
        { provide: PACKAGER_OPTIONS, useValue: options },
        { provide: Packager, useValue: new Packager({ ...options, control }) },
        PackagerService,
      ],
      exports: [Packager],
    };
  }
}
