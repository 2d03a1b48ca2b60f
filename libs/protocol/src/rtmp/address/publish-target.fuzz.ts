import { resolvePublishTarget } from './resolve-publish-target.ts';

export const seeds: readonly Uint8Array[] = ['live\nkey?a=b', 'live/key\n', 'live?key=a%5fb\n', '\nlive/key?x'].map(
  (text) => Buffer.from(text),
);

/** The first line is the app, the rest the stream name. */
export function fuzz(data: Uint8Array): void {
  const [app = '', ...rest] = Buffer.from(data).toString('utf8').split('\n');
  const target = resolvePublishTarget({ app, streamName: rest.join('\n') });
  if ('fault' in target) return;
  if (!/^[\w-]{1,128}$/.test(target.key)) throw new Error('a key with other characters');
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(target.app)) throw new Error('an app with other characters');
}
