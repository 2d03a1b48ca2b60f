// "Fresh ICE servers for this participant, please."
import { Inject, Injectable } from '@nestjs/common';
import type { IssueIceServers, IssueIceServersAnswer } from '@millrace/control';
import type { JoinRefusal } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { RelayCredentials } from './relay-credentials.ts';

@Injectable()
export class IceIssuer {
  constructor(
    private readonly facts: FactFinder,
    private readonly credentials: RelayCredentials,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Does not fail: what cannot be made now is refused as `unavailable`. */
  async issue({ tenantId, subject }: IssueIceServers): Promise<IssueIceServersAnswer> {
    try {
      const tenant = await this.facts.look((read) => read('tenants', tenantId));
      if (tenant === undefined) return refuse('room_not_found');
      if (tenant.suspended) return refuse('tenant_suspended');
      return { granted: true, ...(await this.credentials.issue(tenantId, subject, this.settings.iceTtlMs)) };
    } catch (error) {
      if (!(error instanceof NotKnown)) this.logger.warn({ err: error }, 'cannot issue ICE servers to a participant');
      return refuse('unavailable');
    }
  }
}

const refuse = (refusal: JoinRefusal): IssueIceServersAnswer => ({ granted: false, refusal });
