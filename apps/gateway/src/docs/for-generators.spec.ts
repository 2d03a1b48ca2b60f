import { describe, expect, it } from 'vitest';
import { forGenerators } from './for-generators.ts';

describe('a document that generators of clients read', () => {
  it('has values and null as two schemas', () => {
    const track = { description: 'Which.', type: ['string', 'null'], enum: ['audio', 'video', null] };
    expect(forGenerators({ type: 'object', properties: { track } })).toEqual({
      type: 'object',
      properties: {
        track: { description: 'Which.', anyOf: [{ type: 'string', enum: ['audio', 'video'] }, { type: 'null' }] },
      },
    });
  });

  it('has no default in a body: the description names it', () => {
    const name = { type: 'string', default: 'key', description: 'Display name.' };
    const at = { type: ['string', 'null'], default: null, description: 'When; null: never.' };
    const permissions = { allOf: [{ $ref: '#/components/schemas/Permissions' }], default: { publish: true } };
    expect(
      forGenerators({ type: 'object', properties: { name, at, permissions, count: { type: 'number', default: 0 } } }),
    ).toEqual({
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Display name. Default: key.' },
        at: { type: ['string', 'null'], description: 'When; null: never.' },
        permissions: { allOf: permissions.allOf },
        count: { type: 'number', description: 'Default: 0.' },
      },
    });
  });

  it('keeps the default of a parameter', () => {
    const operation = { parameters: [{ name: 'limit', in: 'query', schema: { type: 'number', default: 20 } }] };
    expect(forGenerators(operation)).toEqual(operation);
  });

  it('has a boolean where a parameter is true or false', () => {
    const ban = (schema: object): object => ({ parameters: [{ name: 'ban', in: 'query', schema }] });
    expect(forGenerators(ban({ type: 'string', enum: ['true', 'false'], default: 'true' }))).toEqual(
      ban({ type: 'boolean', default: true }),
    );
  });

  it('says which integers do not fit into 32 bits', () => {
    const { MIN_SAFE_INTEGER: minimum, MAX_SAFE_INTEGER: maximum } = Number;
    expect(forGenerators({ type: ['integer', 'null'], minimum, maximum })).toEqual({
      type: ['integer', 'null'],
      format: 'int64',
    });
    expect(forGenerators({ type: 'integer', minimum: 0, maximum: 1e12 })).toEqual({
      type: 'integer',
      format: 'int64',
      minimum: 0,
      maximum: 1e12,
    });
    expect(forGenerators({ type: 'integer', minimum: 0, maximum: 100 })).toEqual({
      type: 'integer',
      minimum: 0,
      maximum: 100,
    });
  });

  it('has no pattern that few engines know', () => {
    expect(forGenerators({ type: 'string', pattern: String.raw`^\p{L}+$` })).toEqual({ type: 'string' });
    expect(forGenerators({ type: 'string', pattern: '^a$' })).toEqual({ type: 'string', pattern: '^a$' });
  });

  it('takes fields for fields, whatever they are called', () => {
    const properties = { type: { type: 'string' }, default: { type: 'boolean' } };
    expect(forGenerators({ type: 'object', properties })).toEqual({ type: 'object', properties });
  });
});
