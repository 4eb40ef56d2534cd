// node openapi-lint.mjs FOLDER FILE: lint FILE with the recommended rules of @redocly/openapi-core,
// which is installed in FOLDER. Prints what it finds; no output is a pass.
import { createRequire } from 'node:module';
const require = createRequire(`${process.argv[2]}/x.js`);
const { lint, createConfig } = require('@redocly/openapi-core');
const config = await createConfig({ extends: ['recommended'] });
for (const p of await lint({ ref: process.argv[3], config })) {
  const where = p.location?.[0]?.pointer ?? '';
  // A WebSocket's success is 101.
  if (p.ruleId === 'operation-2xx-response' && where.includes('terminal~1ws')) continue;
  console.log(p.severity, p.ruleId, p.message, where);
}
