// A client of the official SDK in the middle of a long prompt. It is told nothing of the server's
// end: BASE stays the same. Prints one JSON line: how the prompt ended and what came.
import { SandboxAgent } from 'sandbox-agent';

const [base, count, marker] = process.argv.slice(2);
const { writeFileSync } = await import('node:fs');
const sdk = await SandboxAgent.connect({ baseUrl: base });
const session = await sdk.createSession({ agent: 'mock', cwd: '/' });
const seen = [];
session.onEvent((event) => {
  const update = event.payload.params?.update;
  if (event.payload.method !== 'session/update' || update?.sessionUpdate !== 'agent_message_chunk') return;
  seen.push(...update.content.text.trim().split(/\s+/).filter((word) => /^\d+$/.test(word)).map(Number));
  if (seen.length === Math.floor(count / 5)) writeFileSync(marker, 'on its way');
});
const text = [`flood ${count / 2}`, 'wait 1500ms', `flood ${count / 2}`, 'say done'].join('\n');
const result = await session.prompt([{ type: 'text', text }]);
const half = Array.from({ length: count / 2 }, (_, i) => i + 1);
const wanted = [...half, ...half];
const started = Date.now();
while (seen.length < wanted.length && Date.now() - started < 10000) await new Promise((r) => setTimeout(r, 20));
const again = await session.prompt([{ type: 'text', text: 'say and on' }]);
console.log(JSON.stringify({
  stopReason: result.stopReason,
  updates: seen.length,
  inOrder: JSON.stringify(seen) === JSON.stringify(wanted),
  next: again.stopReason,
}));
await sdk.dispose();
process.exit(0);
