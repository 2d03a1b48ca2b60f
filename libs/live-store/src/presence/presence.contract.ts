// What every presence store must do: run by the specs of both adapters, Redis with the real server.
import { describe } from 'vitest';
import { joiningContract } from './contract/joining.contract.ts';
import { presenceLeasesContract } from './contract/leases.contract.ts';
import { mailboxContract } from './contract/mailbox.contract.ts';
import type { MakePresenceHarness } from './contract/presence-harness.ts';

/** Defines the contract's tests for one adapter. */
export function presenceContract(adapter: string, makeHarness: MakePresenceHarness): void {
  describe(`presence in ${adapter}`, () => {
    joiningContract(makeHarness);
    mailboxContract(makeHarness);
    presenceLeasesContract(makeHarness);
  });
}
