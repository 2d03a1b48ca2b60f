// What every live store must do: run by the specs of both adapters, Redis with the real server.
import { describe } from 'vitest';
import { claimsContract } from './contract/claims.contract.ts';
import { commitsContract } from './contract/commits.contract.ts';
import { healthSeriesContract } from './contract/health-series.contract.ts';
import { ingestReportsContract } from './contract/ingest-reports.contract.ts';
import { leasesContract } from './contract/leases.contract.ts';
import type { MakeHarness } from './contract/live-store-harness.ts';
import { packagersContract } from './contract/packagers.contract.ts';
import { partsContract } from './contract/parts.contract.ts';
import { playlistsContract } from './contract/playlists.contract.ts';
import { recordsContract } from './contract/records.contract.ts';
import { segmentMemoryContract } from './contract/segment-memory.contract.ts';
import { sessionsContract } from './contract/sessions.contract.ts';
import { standbysContract } from './contract/standbys.contract.ts';
import { demandContract } from './contract/demand.contract.ts';
import { sourcesContract } from './contract/sources.contract.ts';
import { viewersContract } from './contract/viewers.contract.ts';

/** Defines the contract's tests for one adapter. */
export function liveStoreContract(adapter: string, makeHarness: MakeHarness): void {
  describe(`live store in ${adapter}`, () => {
    leasesContract(makeHarness);
    packagersContract(makeHarness);
    sourcesContract(makeHarness);
    demandContract(makeHarness);
    commitsContract(makeHarness);
    partsContract(makeHarness);
    playlistsContract(makeHarness);
    segmentMemoryContract(makeHarness);
    claimsContract(makeHarness);
    sessionsContract(makeHarness);
    standbysContract(makeHarness);
    ingestReportsContract(makeHarness);
    viewersContract(makeHarness);
    healthSeriesContract(makeHarness);
    recordsContract(makeHarness);
  });
}
