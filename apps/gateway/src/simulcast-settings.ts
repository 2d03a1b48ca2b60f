// What the gateway reads from the environment about simulcast targets.
import { simulcastAddressSettings } from '@millrace/playout';
import { setting, wholeNumber } from '@millrace/service-kit';

export const simulcastTargetSettings = {
  ...simulcastAddressSettings,
  maxSimulcastTargetsPerStream: setting(
    'MILLRACE_MAX_SIMULCAST_TARGETS_PER_STREAM',
    wholeNumber(0, 100),
    10,
    'How many simulcast targets one stream may have.',
  ),
  maxSimulcastTargetsPerTenant: setting(
    'MILLRACE_MAX_SIMULCAST_TARGETS_PER_TENANT',
    wholeNumber(0, 100_000),
    200,
    'How many simulcast targets the streams of a tenant may have in all.',
  ),
};
