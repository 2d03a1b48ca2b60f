export { Amf3Decoder, decodeAmf3 } from './decode.ts';
export { encodeAmf3, writeAmf3 } from './encode.ts';
export { DEFAULT_AMF_LIMITS } from './limits.ts';
export type { AmfLimits } from './limits.ts';
export {
  AmfBytes,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfTypedObject,
  AmfVector,
  AmfXml,
  isRecord,
  newRecord,
  propertiesOf,
} from './value.ts';
export type { AmfRecord, AmfValue, AmfVectorKind } from './value.ts';
