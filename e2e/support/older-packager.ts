// The main file of a packager as one of a release that is some codecs behind would be beside those of this release: over NATS and Redis it says that
// it reads less than they do, and it drops what such a release could not read, with a line that a test can count. Everything else is this release's.
import { Codec, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import type { FrameBus } from '@millrace/frame-bus';
import { runServiceProcess } from '@millrace/service-kit';
import type { ServiceParts, ServiceSettings } from '@millrace/service-kit';
import { OLDER_FEATURES, UNREADABLE_FRAME } from './older-release.ts';

interface AnnouncingStore {
  announcePackagers(
    packagers: readonly { readonly instanceId: string; readonly features: readonly string[] }[],
    ttlMs: number,
  ): Promise<void>;
}

interface Ports {
  readonly frameBus: FrameBus;
  readonly liveStore: AnnouncingStore;
}

interface BuiltPackager {
  readonly packagerParts: ServiceParts<ServiceSettings, Ports, object>;
  readonly packagerSettings: { parse(environment: NodeJS.ProcessEnv): ServiceSettings };
  readonly packagerGracePeriodMs: (settings: ServiceSettings) => number;
}

const built = async (file: string): Promise<BuiltPackager> =>
  (await import(new URL(`../../apps/packager/dist/${file}`, import.meta.url).href)) as BuiltPackager;

/** An object with some of its methods replaced. */
function withMethods<T extends object>(whole: T, own: Partial<T>): T {
  return new Proxy(whole, {
    get(of, name) {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(of, name);
      return typeof value === 'function' ? (value.bind(of) as unknown) : value;
    },
  });
}

const NEWER_CODECS: ReadonlySet<number> = new Set([Codec.av1, Codec.vp9, Codec.flac]);
const isReadable = ({ kind, codec, encoderTimeMs }: Frame): boolean =>
  kind <= FrameKind.end && !NEWER_CODECS.has(codec) && encoderTimeMs === undefined;

const { packagerSettings, packagerGracePeriodMs } = await built('index.js');
await runServiceProcess({
  service: 'packager',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: packagerSettings,
  gracePeriodMs: packagerGracePeriodMs,
  load: async () => {
    const { packagerParts } = await built('process.js');
    return {
      ...packagerParts,
      ports: async (context, undo) => {
        const ports = await packagerParts.ports(context, undo);
        const { frameBus, liveStore } = ports;
        return {
          ...ports,
          frameBus: withMethods(frameBus, {
            subscribe: (streamId, start, subscriber) =>
              frameBus.subscribe(streamId, start, {
                onGap: (expected, next) => subscriber.onGap(expected, next),
                onFrame: (frame) => {
                  if (isReadable(frame)) subscriber.onFrame(frame);
                  else process.stdout.write(`${UNREADABLE_FRAME} ${frame.kind} ${frame.codec}\n`);
                },
              }),
          }),
          liveStore: withMethods(liveStore, {
            // Only packagers of its own release speak for others.
            announcePackagers: (packagers, ttlMs) =>
              liveStore.announcePackagers(
                packagers.map(({ instanceId }) => ({ instanceId, features: OLDER_FEATURES })),
                ttlMs,
              ),
          }),
        };
      },
    };
  },
});
