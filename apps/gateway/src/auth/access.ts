// Who may call a route. Every route says so; one that does not refuses every request.
import { SetMetadata, type CustomDecorator } from '@nestjs/common';

/** `public`: every caller. `tenant`: a tenant's key, or the operator's. `operator`: the operator's key alone. */
export type AccessLevel = 'public' | 'tenant' | 'operator';

export const ACCESS_METADATA = 'millrace:access';

export const Access = (level: AccessLevel): CustomDecorator => SetMetadata(ACCESS_METADATA, level);
