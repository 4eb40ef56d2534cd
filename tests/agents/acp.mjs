// An ACP client for tests: one agent process, JSON-RPC on its stdio, everything kept.
import { spawn } from 'node:child_process';

export class Client {
  // answer(method, params) -> result of a request of the agent; undefined: not answered.
  constructor(argv, { env, cwd, answer = () => undefined }) {
    this.updates = []; this.requests = []; this.err = ''; this.id = 0; this.pending = new Map(); this.watchers = [];
    this.answer = answer; this.bytes = 0;
    this.p = spawn(argv[0], argv.slice(1), { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.p.stdin.on('error', () => {});
    this.p.on('error', e => this.gone(e.message));
    this.p.stderr.setEncoding('utf8').on('data', d => { this.err = (this.err + d).slice(-4000); });
    let rest = '';
    this.p.stdout.setEncoding('utf8').on('data', d => {
      rest += d;
      for (let i; (i = rest.indexOf('\n')) >= 0; rest = rest.slice(i + 1)) if (rest.slice(0, i).trim()) this.line(rest.slice(0, i));
    });
    this.done = new Promise(r => this.p.on('close', (code, signal) => { this.gone(`exit ${code ?? signal}`); r({ code, signal }); }));
  }
  gone(why) {
    for (const { no } of this.pending.values()) no(new Error(`agent gone (${why}): ${this.err.slice(-400)}`));
    this.pending.clear();
    for (const w of this.watchers.splice(0)) w.no(new Error(`agent gone (${why}): ${this.err.slice(-400)}`));
  }
  line(text) {
    const m = JSON.parse(text);
    if (m.method && m.id !== undefined) {
      this.requests.push(m);
      Promise.resolve(this.answer(m.method, m.params)).then(r => {
        if (r !== undefined) this.send({ id: m.id, ...(r.error ? { error: r.error } : { result: r }) });
      });
    } else if (m.method) {
      if (m.method === 'session/update') this.updates.push({ session: m.params.sessionId, ...m.params.update });
      else this.requests.push(m);
    } else {
      const p = this.pending.get(m.id);
      this.pending.delete(m.id);
      if (p) p.ok(m);
    }
    for (const w of this.watchers.slice()) if (w.test()) { this.watchers.splice(this.watchers.indexOf(w), 1); w.ok(); }
  }
  send(m) { this.p.stdin.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\n'); }
  // The whole response: {result} or {error}.
  call(method, params, ms = 150000) {
    const id = ++this.id;
    const p = new Promise((ok, no) => {
      const t = setTimeout(() => no(new Error(`no answer to ${method} in ${ms} ms; ${this.err.slice(-300)}`)), ms);
      this.pending.set(id, { ok: v => { clearTimeout(t); ok(v); }, no: e => { clearTimeout(t); no(e); } });
    });
    this.send({ id, method, params });
    return p;
  }
  notify(method, params) { this.send({ method, params }); }
  // Until test() is true after some message.
  until(test, what, ms = 60000) {
    if (test()) return Promise.resolve();
    return new Promise((ok, no) => {
      const w = { test, ok: () => { clearTimeout(t); ok(); }, no: e => { clearTimeout(t); no(e); } };
      const t = setTimeout(() => { this.watchers = this.watchers.filter(x => x !== w); no(new Error(`never: ${what}; ${this.err.slice(-300)}`)); }, ms);
      this.watchers.push(w);
    });
  }
  of(kind, session) { return this.updates.filter(u => u.sessionUpdate === kind && (!session || u.session === session)); }
  text(session) { return this.of('agent_message_chunk', session).map(u => u.content?.text ?? '').join(''); }
  thoughts(session) { return this.of('agent_thought_chunk', session).map(u => u.content?.text ?? '').join(''); }
  // Tool calls with their updates merged, in order.
  tools(session) {
    const all = new Map();
    for (const u of this.updates)
      if ((u.sessionUpdate === 'tool_call' || u.sessionUpdate === 'tool_call_update') && (!session || u.session === session))
        all.set(u.toolCallId, { ...all.get(u.toolCallId), ...u });
    return [...all.values()];
  }
  initialize(extra = {}) {
    return this.call('initialize', { protocolVersion: 1, clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false, ...extra }, clientInfo: { name: 'test', version: '1' } });
  }
  prompt(sessionId, text, ms) { return this.call('session/prompt', { sessionId, prompt: [{ type: 'text', text }] }, ms); }
  async end(ms = 8000) {
    this.p.stdin.end();
    const t = setTimeout(() => this.p.kill('SIGKILL'), ms);
    const r = await this.done;
    clearTimeout(t);
    return r;
  }
}

// Answers permission requests with the first option of a kind.
export const choose = kind => (method, params) => {
  if (method !== 'session/request_permission') return { error: { code: -32601, message: 'Method not found' } };
  const option = params.options.find(o => o.kind === kind);
  return { outcome: option ? { outcome: 'selected', optionId: option.optionId } : { outcome: 'cancelled' } };
};
