// Changes an OpenAPI 3.1 document so that generators of clients read it without a loss.

const MAX_INT32 = 2 ** 31 - 1;
const UNICODE_CLASS = String.raw`\p{`;

type Schema = Record<string, unknown>;

/**
 * - No default in what a client sends: openapi-typescript makes such a field a required one, and openapi-python-client sends the
 *   default with every request. The description names it. Parameters keep theirs.
 * - A parameter that is "true" or "false" is a boolean.
 * - No pattern with Unicode classes, which few regular expression engines know.
 * - An integer that may exceed 32 bits says so, and one without bounds has none: generators for Java and C# would otherwise choose a
 *   type that is too small.
 * - Values or null are two schemas: of an enumeration with null in it, openapi-python-client makes three types.
 */
export function forGenerators(value: unknown, place = ''): unknown {
  if (Array.isArray(value)) return value.map((part) => forGenerators(part, place));
  if (!isObject(value)) return value;
  const changed = isSchema(value) ? ofSchema(value, place) : value;
  return Object.fromEntries(
    Object.entries(changed).map(([name, part]) => [name, forGenerators(part, name === 'parameters' ? name : place)]),
  );
}

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** A table of fields is none, although one of them may be called `type`. */
const isSchema = (value: Schema): boolean =>
  typeof value['type'] === 'string' ||
  typeof value['$ref'] === 'string' ||
  ['type', 'allOf', 'anyOf'].some((word) => Array.isArray(value[word]));

function ofSchema(schema: Schema, place: string): Schema {
  const result = { ...schema };
  if (typeof result['pattern'] === 'string' && result['pattern'].includes(UNICODE_CLASS)) delete result['pattern'];
  if (place === 'parameters') nameBoolean(result);
  else describeDefault(result);
  sizeInteger(result);
  splitNullableValues(result);
  return result;
}

function nameBoolean(schema: Schema): void {
  const { enum: values, default: value } = schema;
  if (!Array.isArray(values) || values.join() !== 'true,false') return;
  delete schema['enum'];
  schema['type'] = 'boolean';
  if (value !== undefined) schema['default'] = value === 'true';
}

function describeDefault(schema: Schema): void {
  const { default: value, description } = schema;
  delete schema['default'];
  // What an object defaults to is said by its own fields.
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return;
  const sentence = `Default: ${String(value)}.`;
  schema['description'] = typeof description === 'string' ? `${description} ${sentence}` : sentence;
}

function sizeInteger(schema: Schema): void {
  if (![schema['type']].flat().includes('integer')) return;
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  const { maximum } = schema;
  if (typeof maximum !== 'number' || maximum > MAX_INT32) schema['format'] = 'int64';
}

function splitNullableValues(schema: Schema): void {
  const { type, enum: values } = schema;
  if (!Array.isArray(values) || !values.includes(null)) return;
  delete schema['type'];
  schema['anyOf'] = [
    { type: [type].flat().find((name) => name !== 'null'), enum: values.filter((one) => one !== null) },
    { type: 'null' },
  ];
  delete schema['enum'];
}
