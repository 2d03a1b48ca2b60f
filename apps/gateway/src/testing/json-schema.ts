// Checks a value against a schema of the OpenAPI document: the few words of JSON Schema that ours are made of.
import type { OpenAPIObject } from '@nestjs/swagger';

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** @throws Error that says where the value is not what the schema says */
export function checkAgainst(document: OpenAPIObject, schema: Schema, value: unknown, where: string): void {
  const fail = (what: string): never => {
    throw new Error(`${where}: ${what}: ${JSON.stringify(value)}`);
  };
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/components/schemas/', '');
    const found = document.components?.schemas?.[name];
    return found === undefined ? fail(`no schema ${name}`) : checkAgainst(document, found as Schema, value, where);
  }
  for (const part of schema.allOf ?? []) checkAgainst(document, part, value, where);
  if (schema.anyOf !== undefined) return checkOneOf(document, schema.anyOf, value, where, fail);
  if (schema.enum !== undefined && !schema.enum.includes(value)) fail('not in the list');
  const types = [schema.type ?? []].flat();
  if (value === null) return types.includes('null') ? undefined : fail('null');
  const [type] = types;
  if (type === 'null') return fail('not null');
  if (type === 'array') {
    if (!Array.isArray(value)) return fail('no array');
    for (const [i, item] of value.entries()) checkAgainst(document, schema.items ?? {}, item, `${where}/${i}`);
  } else if (type === 'object') {
    checkObject(document, schema, value, where, fail);
  } else if (type === 'integer' || type === 'number') {
    if (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value))) return fail('no number');
    if (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)) fail('out of bounds');
  } else if (type === 'string') {
    if (typeof value !== 'string') return fail('no string');
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) fail(`not ${schema.pattern}`);
  } else if (type === 'boolean' && typeof value !== 'boolean') {
    fail('no boolean');
  }
}

function checkOneOf(
  document: OpenAPIObject,
  schemas: readonly Schema[],
  value: unknown,
  where: string,
  fail: (what: string) => never,
): void {
  const faults: string[] = [];
  for (const schema of schemas) {
    try {
      return checkAgainst(document, schema, value, where);
    } catch (error) {
      faults.push(String(error));
    }
  }
  fail(`none of ${faults.length}: ${faults.join('; ')}`);
}

function checkObject(
  document: OpenAPIObject,
  schema: Schema,
  value: unknown,
  where: string,
  fail: (what: string) => never,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('no object');
  for (const name of schema.required ?? []) if (!(name in value)) fail(`has no ${name}`);
  for (const [name, item] of Object.entries(value)) {
    const known = schema.properties?.[name];
    if (known !== undefined) checkAgainst(document, known, item, `${where}/${name}`);
    else if (schema.additionalProperties === false) fail(`has ${name}`);
  }
}
