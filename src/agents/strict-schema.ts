/** A JSON Schema as OpenAI's structured output takes it: every property is required, what was optional may be null, and nothing more is allowed. */
type Schema = Record<string, unknown>;

/** The answer's nulls stand for absent; `readAnswer` reads them so. */
export function strictSchema(schema: Schema): Schema {
  const { $schema: _draft, default: _default, ...kept } = schema;
  const parts = Object.entries(kept).map(([key, value]) => [key, isMap(key) ? strictProperties(kept) : strict(value)]);
  const whole = Object.fromEntries(parts);
  if (kept.type !== 'object') return whole;
  return { ...whole, required: Object.keys((kept.properties as Schema) ?? {}), additionalProperties: false };
}

const isMap = (key: string): boolean => key === 'properties';

function strictProperties({ properties, required }: Schema): Schema {
  const needed = new Set((required as string[] | undefined) ?? []);
  return Object.fromEntries(
    Object.entries(properties as Record<string, Schema>).map(([name, property]) => {
      const whole = strictSchema(property);
      return [name, needed.has(name) ? whole : { anyOf: [whole, { type: 'null' }] }];
    }),
  );
}

function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  return typeof value === 'object' && value !== null ? strictSchema(value as Schema) : value;
}
