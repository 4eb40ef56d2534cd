#!/usr/bin/env node
// Plays the native side of a recorded conversation: prints what the agent printed, and waits where
// it was spoken to until the adapter says the same kind of thing. What the record does not have
// (further requests of ours) is answered with nothing but success.
//   SA_REPLAY=transcript.jsonl SA_REPLAY_KIND=claude|codex|pi native.mjs ...
import fs from 'node:fs';
import readline from 'node:readline';

const kind = process.env.SA_REPLAY_KIND;
const record = fs.readFileSync(process.env.SA_REPLAY, 'utf8').replaceAll('/home/user/project', process.cwd()).split('\n').filter(Boolean).map(l => JSON.parse(l));
// Of a record with a restart, the part behind the mark belongs to the second process.
const restarts = record.flatMap((r, i) => (r.dir === 'meta' && r.msg.argv ? [i] : []));
const resumed = process.argv.some(a => a.startsWith('--resume') || a === '--session');
const first = resumed && restarts.length > 1 ? restarts[1] : restarts[0];
const last = resumed || restarts.length < 2 ? record.length : restarts[1];
const lines = record.slice(first, last).filter(r => (r.dir === 'in' || r.dir === 'out') && typeof r.msg === 'object');

// What the recorder asked out of curiosity and no adapter needs: out, with its answer.
const CURIOUS = new Set(['list_models', 'get_context_usage', 'mcp_status', 'get_settings', 'model/list', 'thread/list', 'thread/read', 'skills/list', 'get_session_stats', 'get_messages', 'get_available_models']);
for (let i = 0; i < lines.length; i++) {
  const m = lines[i].msg, id = m.request_id ?? m.id;
  if (lines[i].dir !== 'in' || !CURIOUS.has(m.request?.subtype ?? m.method ?? m.type)) continue;
  const answer = lines.findIndex((r, n) => n > i && r.dir === 'out' && (r.msg.response?.request_id ?? r.msg.id) === id && !(r.msg.method && r.msg.id !== undefined));
  if (answer >= 0) lines.splice(answer, 1);
  lines.splice(i--, 1);
}

const names = new Map(); // what the record calls an id -> what it is called here
const out = m => process.stdout.write(JSON.stringify(rename(m)) + '\n');
function rename(v) {
  if (typeof v === 'string') return names.get(v) ?? v;
  if (Array.isArray(v)) return v.map(rename);
  return v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, rename(x)])) : v;
}

const what = {
  claude: m => (m.type === 'control_request' ? 'control ' + m.request.subtype : m.type),
  codex: m => m.method ?? 'answer',
  pi: m => m.type,
}[kind];
// The same thing was said: from now on its ids go by what they are called here.
const meet = {
  claude(recorded, said) {
    if (recorded.type === 'control_request') names.set(recorded.request_id, said.request_id);
    if (recorded.uuid) names.set(recorded.uuid, said.uuid);
  },
  codex(recorded, said) { if (recorded.id !== undefined && recorded.method) ids.set(recorded.id, said.id); },
  pi(recorded, said) { if (recorded.id) names.set(recorded.id, said.id); },
}[kind];
const ids = new Map();
const extra = {
  claude: m => m.type === 'control_request' && { type: 'control_response', response: { subtype: 'success', request_id: m.request_id, response: {} } },
  codex: m => m.method && m.id !== undefined && { id: m.id, result: m.method === 'model/list' ? { data: [] } : {} },
  pi: m => m.id && { id: m.id, type: 'response', command: m.type, success: true, data: m.type === 'get_available_models' ? { models: [] } : {} },
}[kind];

const session = process.argv.map(a => /^--(?:session-id|resume)=(.*)/.exec(a)?.[1]).find(Boolean);
const old = lines.map(r => r.msg.session_id).find(Boolean);
if (session && old) names.set(old, session);

let at = 0;
const early = []; // said before the record has it: a cancel may overtake an answer
function play() {
  for (; at < lines.length; at++) {
    const m = lines[at].msg;
    if (lines[at].dir === 'in') {
      const i = early.findIndex(e => what(e) === what(m));
      if (i < 0) return;
      meet(m, early.splice(i, 1)[0]);
      continue;
    }
    // Codex: answers carry numbers of the requests that they answer.
    out(kind === 'codex' && m.id !== undefined && !m.method ? { ...m, id: ids.get(m.id) ?? m.id } : m);
  }
}
readline.createInterface({ input: process.stdin }).on('line', l => {
  const m = JSON.parse(l);
  const next = lines[at];
  if (next && next.dir === 'in' && what(next.msg) === what(m)) {
    meet(next.msg, m);
    at++;
    play();
  } else if (lines.slice(at).some(r => r.dir === 'in' && what(r.msg) === what(m))) {
    early.push(m);
  } else {
    const answer = extra(m);
    if (answer) process.stdout.write(JSON.stringify(answer) + '\n');
  }
}).on('close', () => process.exit(0));
play();
