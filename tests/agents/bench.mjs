#!/usr/bin/env node
// What driving an agent costs, by our adapter and by the official one (see scripts/bench-agents).
//   bench.mjs --agents DIR --llm fake-llm.mjs --home DIR [--runs N] [--sessions N] [--only claude,codex,pi]
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Client } from './acp.mjs';
import { AGENTS, prepare } from './agents.mjs';

const option = (name, fallback) => { const i = process.argv.indexOf('--' + name); return i < 0 ? fallback : process.argv[i + 1]; };
const root = option('agents'), home = option('home'), runs = +option('runs', 5), sessions = +option('sessions', 4);
const only = option('only', 'claude,codex,pi').split(',');
const node = `${root}/node22/node_modules/node/bin/node`;
// The official adapters, as npm installs them, and how each is told where the agent is.
const OFFICIAL = {
  claude: { name: 'claude-agent-acp', variable: 'CLAUDE_CODE_EXECUTABLE' },
  codex: { name: 'codex-acp', variable: 'CODEX_PATH' },
  pi: { name: 'pi-acp', variable: 'PI_ACP_PI_COMMAND' },
};
// The command of a way to start an agent. npx is given what is installed already: it asks no registry.
function useOfficial(setup, name, which, folder) {
  const { name: adapter, variable } = OFFICIAL[name], place = `${root}/${adapter}`;
  setup.env[variable] = AGENTS[name].script ? path.join(folder, 'bin', name) : AGENTS[name].binary(root);
  setup.env.PATH = `${path.dirname(node)}:${setup.env.PATH}`;
  setup.argv = which === 'npx' ? ['npx', '--no-install', '--prefix', place, adapter] : [node, fs.realpathSync(`${place}/node_modules/.bin/${adapter}`)];
}

const children = () => {
  const all = new Map();
  for (const d of fs.readdirSync('/proc').filter(x => /^\d+$/.test(x))) {
    try { const s = fs.readFileSync(`/proc/${d}/stat`, 'utf8'); const p = +s.slice(s.lastIndexOf(')') + 2).split(' ')[1]; all.set(p, [...(all.get(p) ?? []), +d]); } catch { /* gone */ }
  }
  return all;
};
const tree = (pid, all = children()) => [pid, ...(all.get(pid) ?? []).flatMap(c => tree(c, all))];
// Proportional memory of a process with its descendants, MB.
const memory = pid => {
  let kb = 0, adapter = 0;
  for (const p of tree(pid)) try {
    const n = +/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${p}/smaps_rollup`, 'utf8'))[1];
    kb += n;
    if (p === pid) adapter = n;
  } catch { /* gone */ }
  return { all: kb / 1024, adapter: adapter / 1024, processes: tree(pid).length };
};
const median = a => [...a].sort((x, y) => x - y)[a.length >> 1];

// From the start of the adapter to the first text of a turn, ms; what stays open.
async function start(setup) {
  const begun = Date.now(), c = new Client(setup.argv, { env: setup.env, cwd: setup.cwd });
  await c.initialize();
  const initialized = Date.now() - begun, s = (await c.call('session/new', { cwd: setup.cwd, mcpServers: [] })).result.sessionId;
  const turn = c.prompt(s, 'say hello');
  await c.until(() => c.text(s).length > 0, 'some text');
  const first = Date.now() - begun;
  await turn;
  return { c, initialized, first };
}

const server = spawn(process.execPath, [option('llm'), '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const base = await new Promise(ok => { server.stdout.once('data', d => ok(String(d).trim())); });
const rows = [];
function ready(name, which, folder) {
  const setup = prepare(name, { root, base, home: folder });
  if (setup.missing) console.log(`# ${name}: ${path.basename(setup.missing)} is not there`);
  else if (which !== 'own') useOfficial(setup, name, which, folder);
  return setup;
}
for (const name of only)
  for (const which of ['own', 'official', 'npx']) {
    // Whoever comes first would read the agent's program (300 MB) from the disk for all of them.
    const first = ready(name, which, path.join(home, `${name}-${which}-first`));
    if (first.missing) continue;
    await (await start(first)).c.end();
    const setup = ready(name, which, path.join(home, `${name}-${which}`)), cold = await start(setup);
    await cold.c.end();
    const warm = [];
    for (let i = 0; i < runs; i++) { const r = await start(setup); warm.push(r); await r.c.end(); }
    const { c } = await start(setup), one = memory(c.p.pid);
    for (let i = 1; i < sessions; i++) {
      const s = (await c.call('session/new', { cwd: setup.cwd, mcpServers: [] })).result.sessionId;
      await c.prompt(s, 'say hello');
    }
    const many = memory(c.p.pid);
    await c.end();
    rows.push([name, which, cold.first, median(warm.map(w => w.initialized)), median(warm.map(w => w.first)), one.adapter.toFixed(1), one.all.toFixed(0),
      ((many.all - one.all) / (sessions - 1)).toFixed(0), `${one.processes}/${many.processes}`]);
  }
server.kill();
const head = ['agent', 'adapter', 'cold ms', 'init ms', 'warm ms', 'adapter MB', 'tree MB', 'MB/session', `processes 1/${sessions}`];
for (const row of [head, ...rows]) console.log(row.map((x, i) => String(x).padEnd(Math.max(head[i].length, 9))).join(' '));
