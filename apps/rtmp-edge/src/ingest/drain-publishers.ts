// Publishers leave a stopping edge: those that can be asked, in their own time.
import type { PublisherRegistry } from './publisher-registry.ts';

/**
 * Asks every publisher to connect elsewhere. Who does not understand that is cut at once, since waiting would change nothing
 * for it; the others have `timeoutMs`, then they are cut too.
 *
 * @param onLeft told how many are left, each time that changes
 */
export async function drainPublishers(
  registry: PublisherRegistry,
  timeoutMs: number,
  onLeft: (left: number) => void,
): Promise<void> {
  for (const active of registry.list()) if (!active.askToReconnect()) active.cut('draining');
  onLeft(registry.size);
  if (registry.size > 0) await empty(registry, timeoutMs, onLeft);
  for (const active of registry.list()) active.cut('draining');
  registry.onRemoved = undefined;
  onLeft(registry.size);
}

async function empty(registry: PublisherRegistry, timeoutMs: number, onLeft: (left: number) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    registry.onRemoved = () => {
      onLeft(registry.size);
      if (registry.size > 0) return;
      clearTimeout(timer);
      resolve();
    };
  });
}
