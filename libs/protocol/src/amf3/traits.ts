// AMF3 section 3.12: traits, what objects of one class have in common.
import { ProtocolError } from '../bytes/index.ts';

export interface Traits {
  /** Empty for an anonymous object. */
  readonly className: string;
  /** Sealed members: each object has these, in this order. */
  readonly names: readonly string[];
  /** Whether further members follow by name. */
  readonly dynamic: boolean;
}

const EXTERNALIZABLE = 1;
const DYNAMIC = 2;

/**
 * Reads traits that are sent in full.
 * @param head what is left of the object's head: the externalizable bit, the dynamic bit, the number of sealed members.
 * @param readString reads the next string, by value or by reference.
 */
export function decodeTraits(head: number, readString: () => string): Traits {
  if ((head & EXTERNALIZABLE) !== 0) {
    // Only the class itself knows how long such an object is, and no class is ever run.
    throw new ProtocolError('amf.externalizable-refused', 'amf3/object/traits', 'externalizable class');
  }
  const className = readString();
  const names: string[] = [];
  for (let count = head >> 2; count > 0; count--) names.push(readString());
  return { className, names, dynamic: (head & DYNAMIC) !== 0 };
}
