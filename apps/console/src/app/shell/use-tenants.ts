import { useEffect } from 'preact/hooks';
import type { Tenant } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';

/**
 * Every tenant, for an operator.
 *
 * @param isWanted false: none are asked for
 */
export function useTenants(isWanted = true): readonly Tenant[] {
  const { data = [], hasMore, showMore } = useList<Tenant>(isWanted ? '/v1/tenants' : undefined);
  useEffect(() => {
    if (hasMore) showMore();
  }, [hasMore, data.length]);
  return data;
}
