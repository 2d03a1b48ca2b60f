export { Amf0Decoder, decodeAmf0 } from './decode.ts';
export { encodeAmf0, writeAmf0 } from './encode.ts';
export {
  AmfBytes,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfTypedObject,
  AmfVector,
  AmfXml,
  DEFAULT_AMF_LIMITS,
  isRecord,
  newRecord,
  propertiesOf,
} from '../amf3/index.ts';
export type { AmfLimits, AmfRecord, AmfValue, AmfVectorKind } from '../amf3/index.ts';
