#!/usr/bin/env node
// Recorded conversations once more: the native agent's side is played from its transcript, the
// client's side from the official adapter's, our adapter is in between. What the user sees must be
// the same; each difference is named in differences.json, and each name there must still occur.
//   replay.mjs --transcripts DIR --home DIR [--only claude] [--scenario hello] [--verbose]
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compare, story } from './story.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const option = (name, fallback) => { const i = process.argv.indexOf('--' + name); return i < 0 ? fallback : process.argv[i + 1]; };
const dir = option('transcripts'), home = option('home'), only = option('only', 'claude,codex,pi').split(','), scenario = option('scenario');
const named = JSON.parse(fs.readFileSync(path.join(here, 'differences.json'), 'utf8'));
const REPLAY_MS = 20000;
const read = file => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map(l => JSON.parse(l));

// Play one: the messages of our adapter.
function play(target, file, native) {
  const cwd = path.join(home, 'project');
  fs.mkdirSync(cwd, { recursive: true });
  const program = path.join(home, 'native');
  fs.writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${here}/native.mjs "$@"\n`, { mode: 0o755 });
  const p = spawn(`sa-acp-${target}`, ['--agent-binary', program], {
    env: { ...process.env, HOME: home, IS_SANDBOX: '1', SA_REPLAY: native, SA_REPLAY_KIND: target }, cwd, stdio: ['pipe', 'pipe', 'pipe'],
  });
  const got = [], answered = new Set(), asked = [], local = s => JSON.parse(JSON.stringify(s).replaceAll('/home/user/project', cwd));
  let err = '', rest = '', session, poke = () => {};
  p.stderr.on('data', d => { err += d; });
  p.stdout.setEncoding('utf8').on('data', d => {
    rest += d;
    for (let i; (i = rest.indexOf('\n')) >= 0; rest = rest.slice(i + 1)) {
      const m = JSON.parse(rest.slice(0, i));
      got.push(m);
      if (m.method && m.id !== undefined) {
        asked.push(m);
        if (asked.length > expected) send({ id: m.id, result: unexpected(m) });
      }
      if (!m.method) { answered.add(m.id); session ??= m.result?.sessionId; }
    }
    poke();
  });
  p.stdin.on('error', () => {});
  const until = (test, what) => new Promise((ok, no) => {
    const t = setTimeout(() => no(new Error(`never: ${what}; ${err.slice(-300)}`)), REPLAY_MS);
    poke = () => { if (test()) { clearTimeout(t); poke = () => {}; ok(); } };
    poke();
  });
  const send = m => p.stdin.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\n');
  // A question that the official adapter did not put (it ran in another mode): as the native side was answered.
  const expected = file.filter(r => r.dir === 'out' && r.msg.method && r.msg.id !== undefined).length;
  const kind = /reject/.test(native) ? 'reject_once' : /always/.test(native) ? 'allow_always' : 'allow_once';
  const unexpected = m => {
    const option = m.params.options?.find(o => o.kind === kind) ?? m.params.options?.[0];
    return /cancel-(permission|escalate)/.test(native) ? { outcome: { outcome: 'cancelled' } } : { outcome: { outcome: 'selected', optionId: option?.optionId } };
  };
  const said = ms => ms.filter(m => m.params?.update?.sessionUpdate === 'agent_message_chunk').map(m => m.params.update.content.text).join('');
  const calls = ms => new Set(ms.filter(m => m.params?.update?.sessionUpdate === 'tool_call').map(m => m.params.update.toolCallId)).size;

  return (async () => {
    const seen = [];                 // of the record
    let requests = 0;                // of the agent, in the record
    for (const { dir: d, msg } of file) {
      if (d === 'out' && typeof msg === 'object') { seen.push(msg); continue; }
      if (d !== 'in') continue;
      const responses = seen.filter(m => !m.method && m.id !== undefined).map(m => m.id);
      await until(() => responses.every(id => answered.has(id)), `answers to ${responses}`);
      if (msg.method === 'session/cancel')
        await until(() => (said(got).length > 0 || !said(seen)) && calls(got) >= calls(seen) && asked.length >= requests, 'as much as before the cancel');
      if (!msg.method) { // an answer to the agent's request: the option of the same kind
        const mine = requests++;
        await until(() => asked.length > mine, `request ${mine} of the agent`);
        const theirs = seen.filter(m => m.method && m.id !== undefined)[mine], q = asked[mine];
        const chosen = theirs.params.options?.find(o => o.optionId === msg.result?.outcome?.optionId);
        const option = chosen && q.params.options?.find(o => o.kind === chosen.kind);
        send({ id: q.id, result: option ? { outcome: { outcome: 'selected', optionId: option.optionId } } : msg.result });
        continue;
      }
      const params = local(msg.params ?? {});
      if (params.sessionId) params.sessionId = session;
      if (msg.method === 'session/set_mode') params.modeId = named[target].modes?.[params.modeId] ?? params.modeId;
      send({ ...msg, params });
    }
    const responses = file.filter(r => r.dir === 'out' && r.msg.id !== undefined && !r.msg.method).map(r => r.msg.id);
    await until(() => responses.every(id => answered.has(id)), `answers to ${responses}`);
    return JSON.parse(JSON.stringify(got).replaceAll(cwd, '/home/user/project'));
  })().finally(() => { p.stdin.end(); p.kill('SIGTERM'); });
}

let count = 0, failed = 0;
const say = (ok, name, note = '') => { console.log(`${ok ? 'ok' : 'not ok'} ${++count} - ${name}${note}`); if (!ok) failed++; };
for (const target of only) {
  const rules = named[target], used = new Set();
  const files = fs.readdirSync(`${dir}/${target}`).filter(f => fs.existsSync(`${dir}/${target}-acp/${f}`) && (!scenario || f === scenario + '.jsonl'));
  for (const file of files) {
    const name = path.basename(file, '.jsonl');
    const left = rules.left_out[name];
    if (left) { say(true, `${target}: ${name}`, ` # SKIP ${left}`); used.add(name); continue; }
    try {
      const official = read(`${dir}/${target}-acp/${file}`);
      const ours = story(await play(target, official, `${dir}/${target}/${file}`));
      const theirs = story(official.filter(r => r.dir === 'out' && typeof r.msg === 'object').map(r => r.msg));
      const found = compare(theirs, ours).filter(f => {
        const rule = rules.differences.find(r => (!r.scenario || new RegExp(`^(${r.scenario})$`).test(name)) && new RegExp(r.match, 's').test(f));
        if (rule) used.add(rule);
        return !rule;
      });
      say(found.length === 0, `${target}: ${name} is the same story`);
      for (const f of found) console.error(`#   ${name}: ${f.slice(0, 600)}`);
      if (process.argv.includes('--verbose')) console.error(JSON.stringify(ours, null, 1));
    } catch (e) {
      say(false, `${target}: ${name} is the same story`);
      console.error(`#   ${name}: ${e.message.slice(0, 600)}`);
    }
  }
  if (!scenario) {
    const idle = rules.differences.filter(r => !used.has(r)).map(r => r.match);
    say(idle.length === 0, `${target}: each named difference occurs`);
    for (const i of idle) console.error(`#   never seen: ${i}`);
  }
}
console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
