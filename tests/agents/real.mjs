#!/usr/bin/env node
// The real agents through our adapters against a scripted model server: TAP, and a table at the end.
//   real.mjs (--agents DIR | --installed BIN) --llm fake-llm.mjs --mcp mcp-echo.mjs --home DIR
//            [--only claude,codex] [--ability 'NAME|NAME'] [--quick]
// BIN is where sa-install-agent puts the programs. --quick: all agents side by side, and one that is
// slow to start serves all abilities with one process; what takes a minute is left out, and what fails is
// tried once more, since the machine may be busy.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { AGENTS, prepare } from './agents.mjs';
import { ABILITIES } from './abilities.mjs';

const option = (name, fallback) => { const i = process.argv.indexOf('--' + name); return i < 0 ? fallback : process.argv[i + 1]; };
const root = option('agents'), installed = option('installed'), home = option('home');
const only = option('only', Object.keys(AGENTS).join()).split(',');
const quick = process.argv.includes('--quick');
const wanted = option('ability')?.split('|');

async function modelServer(agent) {
  const argv = agent.keepsThreads ? [new URL('threads.mjs', import.meta.url).pathname, option('llm')] : [option('llm'), '--port', '0'];
  const p = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const base = await new Promise((ok, no) => { p.stdout.once('data', d => ok(String(d).trim())); p.once('exit', () => no(new Error('no model server'))); });
  return { p, base };
}

const TEST_MS = quick ? 90000 : 150000;
const within = (ms, p) => Promise.race([p, new Promise((_, no) => { setTimeout(() => no(new Error(`not done in ${ms} ms`)), ms).unref(); })]);
const servers = [];
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => { for (const s of servers) s.kill(); process.exit(1); });
for (const title of wanted ?? []) if (!ABILITIES[title]) throw new Error(`no ability is called ${title}`);
let count = 0, failed = 0;
const say = (ok, name, note = '') => { console.log(`${ok ? 'ok' : 'not ok'} ${++count} - ${name}${note}`); if (!ok) failed++; };

// One ability, in a fresh home unless the process is kept: what went wrong, or undefined.
async function tryOnce(name, title, llm, kept, number) {
  const dir = path.join(home, kept ? name : `${name}-${title.replace(/\W+/g, '-')}-${number}`), started = [];
  fs.mkdirSync(dir, { recursive: true });
  const setup = prepare(name, { root, installed, base: llm.base, home: dir });
  let wrong;
  await fetch(llm.base + '/__reset', { method: 'POST' });
  try {
    await within(TEST_MS, ABILITIES[title].run({ ...setup, name, base: llm.base, mcp: option('mcp'), started, kept }));
  } catch (e) {
    wrong = e.stack.split('\n').slice(0, 4).join(' | ');
    kept?.client?.p.kill('SIGKILL');
    if (kept) kept.client = undefined;
  }
  for (const c of started) if (c !== kept?.client) c.p.kill('SIGKILL');
  // An agent that is being killed may still write; the whole folder goes with the test.
  if (!kept) try { fs.rmSync(dir, { recursive: true, force: true }); } catch { /* later */ }
  return wrong;
}

// Why an ability is not tried, and what stands in the table then.
function whyNot(name, title) {
  const agent = AGENTS[name], { missing } = prepare(name, { root, installed, base: 'http://127.0.0.1:1', home: path.join(home, `${name}-there`) });
  if (missing) return [`${path.basename(missing)} of ${name} is not there`, '-'];
  if (agent.gaps?.[title]) return [agent.gaps[title], 'gap'];
  if (quick && agent.slow?.includes(title)) return ['it takes a minute', 'slow'];
  return [ABILITIES[title].not?.(agent), 'n/a'];
}

// All abilities of one agent: a row of the table. The model server counts failures: each agent has its own.
async function tryAgent(name) {
  const row = { agent: name }, llm = await modelServer(AGENTS[name]), kept = quick && AGENTS[name].isSlow ? {} : undefined;
  servers.push(llm.p);
  for (const title of Object.keys(ABILITIES)) {
    if (wanted && !wanted.includes(title)) continue;
    const [why, mark] = whyNot(name, title);
    if (why) { say(true, `${name}: ${title}`, ` # SKIP ${why}`); row[title] = mark; continue; }
    const begun = Date.now(), tries = quick ? 2 : 1;
    let wrong = '';
    for (let i = 1; i <= tries && wrong !== undefined; i++) {
      wrong = await tryOnce(name, title, llm, kept, i);
      if (wrong) console.error(`# ${name}: ${title}${i < tries ? ' (it is tried again)' : ''}: ${wrong}`);
    }
    say(!wrong, `${name}: ${title}`);
    row[title] = wrong ? 'FAIL' : `pass ${((Date.now() - begun) / 1000).toFixed(1)}`;
  }
  kept?.client?.p.kill('SIGKILL');
  llm.p.kill();
  return row;
}

const table = [];
if (quick) table.push(...await Promise.all(only.map(tryAgent)));
else for (const name of only) table.push(await tryAgent(name));
console.log(`1..${count}`);
const titles = Object.keys(ABILITIES).filter(t => !wanted || wanted.includes(t));
console.log(`# ${'ability'.padEnd(34)}${table.map(r => r.agent.padEnd(10)).join('')}`);
for (const t of titles) console.log(`# ${t.padEnd(34)}${table.map(r => String(r[t]).padEnd(10)).join('')}`);
process.exit(failed ? 1 : 0);
