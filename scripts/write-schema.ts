// Writes docs/sentra.schema.json from the schema that Sentra itself reads sentra.json with.
import { writeFileSync } from 'node:fs';
import { projectConfigJsonSchema } from '#src/domain/project-config.ts';

writeFileSync(
  new URL('../docs/sentra.schema.json', import.meta.url),
  `${JSON.stringify({ title: 'sentra.json', ...projectConfigJsonSchema() }, null, 2)}\n`,
);
