// Checks a value against a schema of the OpenAPI document: the few words of JSON Schema that ours are made of.
import type { OpenAPIObject } from '@nestjs/swagger';

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly nullable?: boolean;
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
  if (value === null && schema.nullable === true) return;
  for (const part of schema.allOf ?? []) checkAgainst(document, part, value, where);
  if (value === null) return fail('null');
  if (schema.enum !== undefined && !schema.enum.includes(value)) fail('not in the list');
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return fail('no array');
    for (const [i, item] of value.entries()) checkAgainst(document, schema.items ?? {}, item, `${where}/${i}`);
  } else if (schema.type === 'object') {
    checkObject(document, schema, value, where, fail);
  } else if (schema.type === 'integer' || schema.type === 'number') {
    if (typeof value !== 'number' || (schema.type === 'integer' && !Number.isInteger(value))) return fail('no number');
    if (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)) fail('out of bounds');
  } else if (schema.type === 'string') {
    if (typeof value !== 'string') return fail('no string');
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) fail(`not ${schema.pattern}`);
  } else if (schema.type === 'boolean' && typeof value !== 'boolean') {
    fail('no boolean');
  }
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
