// Attributes without a value: being there is what they say.
import type { StunAttribute } from '../attribute.ts';
import { stunAttribute } from '../attribute.ts';

export function flagAttribute(name: string, type: number): StunAttribute<true> {
  return stunAttribute<true>(
    name,
    type,
    () => true,
    () => undefined,
  );
}
