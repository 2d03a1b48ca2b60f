// The short form of `npm run chaos`: real faults in a cluster, every frame counted, and the counting itself put to the proof.
import { ChaosCluster, faultNamed, planRuns, readClip, runFault } from '@millrace/tools/chaos';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SOURCE_FILE } from './support/source.ts';

const SEED = 20_261_130;
/** One run is about 12 s. */
const FAULTS = ['packager-killed', 'nats-then-redis'].map(faultNamed);

let chaos: ChaosCluster;
beforeAll(async () => {
  chaos = await ChaosCluster.start([]);
});
afterAll(() => chaos?.stop());

it.each(planRuns(SEED, FAULTS.length, FAULTS).map((run) => [run.fault.name, run] as const))(
  'after %s every frame is served once, in order',
  async (_, run) => {
    const { broken, streams } = await runFault(chaos, run, { clip: readClip(SOURCE_FILE), streams: 2 });
    expect(broken).toEqual([]);
    for (const { published, arrived, lost, repeated, cameBack } of streams) {
      expect(published).toBeGreaterThan(100);
      expect({ arrived, lost, repeated, cameBack }).toEqual({
        arrived: published,
        lost: [],
        repeated: [],
        cameBack: [],
      });
    }
  },
);
