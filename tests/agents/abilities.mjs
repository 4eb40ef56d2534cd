// What each agent must be able to do through its adapter: one function an ability, which throws
// when the agent is not able to. The prompts are scripts of the model server.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Client, choose } from './acp.mjs';

const allow = choose('allow_once'), always = choose('allow_always'), reject = choose('reject_once');

// A process of its own, or (where starting one costs seconds) the one that the ability before has left.
async function connect(t, answer = allow, can = {}) {
  const kept = t.kept?.client;
  if (kept && kept.p.exitCode === null && kept.p.signalCode === null) {
    Object.assign(kept, { answer, updates: [], requests: [], err: '' });
    return kept;
  }
  const c = new Client(t.argv, { env: t.env, cwd: t.cwd, answer });
  t.started.push(c);
  const r = await c.initialize(can);
  assert.equal(r.result?.protocolVersion, 1, JSON.stringify(r));
  c.can = r.result.agentCapabilities;
  if (t.kept) {
    t.kept.client = c;
    c.end = async () => ({ code: 0 });
  }
  return c;
}

// A session in which the agent asks before it acts.
async function open(t, c, mcpServers = []) {
  const r = await c.call('session/new', { cwd: t.cwd, mcpServers });
  assert.ok(r.result?.sessionId, JSON.stringify(r));
  const modes = r.result.modes;
  if (t.agent.askMode && modes && modes.currentModeId !== t.agent.askMode) {
    const m = await c.call('session/set_mode', { sessionId: r.result.sessionId, modeId: t.agent.askMode });
    assert.ok(m.result, JSON.stringify(m));
  }
  c.setup = r.result;
  return r.result.sessionId;
}

const ends = (r, reason) => assert.equal(r.result?.stopReason, reason, JSON.stringify(r));
const asked = c => c.requests.filter(m => m.method === 'session/request_permission');
const file = (t, name) => path.join(t.cwd, name);
// As the model is to name it: some take whole paths only.
const named = (t, name) => (t.agent.wantsWholePaths ? file(t, name) : name);
const noAsking = a => (a.rejects ? null : `${a.title} cannot ask`);

// The one place that polls: a file is made by somebody else's process.
async function appears(name, ms = 30000) {
  for (const end = Date.now() + ms; !fs.existsSync(name);) {
    assert.ok(Date.now() < end, `${path.basename(name)} never appeared`);
    await new Promise(r => setTimeout(r, 20));
  }
}

// Amp writes its record some time after it has answered; what kill -9 takes then is Amp's loss.
async function recorded(t, s, text) {
  const name = t.agent.record?.(t.env.HOME, s);
  if (!name) return;
  await appears(name);
  for (const end = Date.now() + 30000; !fs.readFileSync(name, 'utf8').includes(text);) {
    assert.ok(Date.now() < end, 'never recorded');
    await new Promise(r => setTimeout(r, 20));
  }
}

// Gemini CLI names its record by the minute, and writes it over when the session is loaded in the same one.
async function loadable(t) {
  if (t.agent.recordsByMinute) await new Promise(r => setTimeout(r, 60100 - Date.now() % 60000));
}

// The turn has begun: some of its text is here, or (of an agent that tells whole messages only) the
// model has been asked.
async function begun(t, c, s) {
  if (!t.agent.whole) return c.until(() => c.text(s).includes('tick1'), 'some text');
  for (const end = Date.now() + 30000; ;) {
    const log = await (await fetch(t.base + '/__log')).text();
    if (log.includes('slow 200 50')) return undefined;
    assert.ok(Date.now() < end, 'the model was never asked');
    await new Promise(r => setTimeout(r, 20));
  }
}

function closedTools(c) {
  for (const tool of c.tools()) assert.ok(['completed', 'failed'].includes(tool.status), `open: ${JSON.stringify(tool).slice(0, 300)}`);
}

export const ABILITIES = {
  'initialize': { run: async t => { const c = await connect(t); assert.ok(c.can); assert.equal((await c.end()).code, 0); } },

  'text turn': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'say hello'), 'end_turn');
    assert.equal(c.text(s), 'Hello from the fake model.');
    ends(await c.prompt(s, 'say again'), 'end_turn');
    assert.match(c.text(s), /again$/);
    assert.equal((await c.end()).code, 0);
  } },

  'reasoning': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'think about colours then say thought'), 'end_turn');
    assert.match(c.thoughts(s), /colours/);
    assert.match(c.text(s), /thought/);
    assert.doesNotMatch(c.text(s), /colours/);
  } },

  'shell tool, allowed': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'run: printf "one\\ntwo\\n" > out.txt && cat out.txt'), 'end_turn');
    assert.equal(fs.readFileSync(file(t, 'out.txt'), 'utf8'), 'one\ntwo\n');
    const [tool] = c.tools(s);
    assert.equal(tool.kind, 'execute');
    assert.equal(tool.status, 'completed');
    assert.match(JSON.stringify(tool.content), /one.*two/);
    if (!noAsking(t.agent)) assert.equal(asked(c).length, 1, 'one question');
    closedTools(c);
  } },

  'shell tool, rejected': { not: noAsking, run: async t => {
    const c = await connect(t, reject), s = await open(t, c);
    ends(await c.prompt(s, 'run: touch never.txt'), 'end_turn');
    assert.equal(asked(c).length, 1);
    assert.ok(!fs.existsSync(file(t, 'never.txt')));
    assert.equal(c.tools(s)[0].status, 'failed');
  } },

  'shell tool, allowed for ever': { not: noAsking, run: async t => {
    const c = await connect(t, always), s = await open(t, c);
    ends(await c.prompt(s, 'run: sh -c "echo always > a.txt"'), 'end_turn');
    const first = asked(c).length;
    ends(await c.prompt(s, 'run: sh -c "echo always > a.txt"'), 'end_turn');
    assert.equal(first, 1);
    assert.equal(asked(c).length, 1, 'asked once only');
  } },

  // An agent that waits for some seconds only: the answer reaches it all the same.
  'shell tool, allowed late': { not: a => (a.waitVariable ? null : 'it waits as long as it takes'), run: async t => {
    t.env[t.agent.waitVariable] = '100';
    let decide;
    const c = await connect(t, () => new Promise(ok => { decide = ok; })), s = await open(t, c);
    const p = c.prompt(s, 'run: touch late.txt');
    await c.until(() => c.tools(s)[0]?.status === 'failed', 'the call given up');
    assert.equal(asked(c).length, 1);
    assert.ok(!fs.existsSync(file(t, 'late.txt')));
    decide(allow('session/request_permission', asked(c)[0].params));
    ends(await p, 'end_turn');
    assert.ok(fs.existsSync(file(t, 'late.txt')));
    assert.equal(asked(c).length, 1, 'asked once only');
    closedTools(c);
  } },

  'shell tool that fails': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'run: sh -c "echo oops >&2; exit 3"'), 'end_turn');
    assert.match(JSON.stringify(c.tools(s)[0]), /oops/);
    closedTools(c);
  } },

  'file edit with a diff': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, `read ${named(t, 'note.txt')} then edit ${named(t, 'note.txt')}: beta => BETA`), 'end_turn');
    assert.equal(fs.readFileSync(file(t, 'note.txt'), 'utf8'), 'alpha\nBETA\ngamma\n');
    const edit = c.tools(s).find(x => x.kind === 'edit');
    const diff = edit?.content?.find(x => x.type === 'diff');
    assert.ok(diff, JSON.stringify(c.tools(s)));
    assert.match(diff.path, /note\.txt$/);
    assert.match(diff.oldText, /beta/);
    assert.match(diff.newText, /BETA/);
    closedTools(c);
  } },

  'file made': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, `write ${named(t, 'hello.txt')}: hi there`), 'end_turn');
    assert.equal(fs.readFileSync(file(t, 'hello.txt'), 'utf8'), 'hi there\n');
    const diff = c.tools(s).find(x => x.kind === 'edit')?.content?.find(x => x.type === 'diff');
    assert.match(diff.newText, /hi there/);
    assert.ok(!diff.oldText);
  } },

  'two tools at once': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'par run: touch p1.txt && run: touch p2.txt'), 'end_turn');
    assert.ok(fs.existsSync(file(t, 'p1.txt')) && fs.existsSync(file(t, 'p2.txt')));
    assert.equal(c.tools(s).length, 2);
    closedTools(c);
  } },

  'plan': { not: a => (a.noPlan ? a.noPlan : null), run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, t.agent.planScript ?? 'plan Look | Do it'), 'end_turn');
    const [last] = c.of('plan', s).slice(-1);
    assert.match(JSON.stringify(last?.entries), /Look/);
  } },

  'error 401': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    const r = await c.prompt(s, 'fail 401');
    assert.equal(r.error?.code, -32000, JSON.stringify(r));
    assert.match(r.error.message, /401|[Uu]nauthorized/);
  } },

  'error 429, then well': { not: a => a.noRetry, run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'fail 429 x1\nsay Recovered.'), 'end_turn');
    assert.match(c.text(s), /Recovered\./);
  } },

  'error 500': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    const r = await c.prompt(s, 'fail 500');
    assert.ok(r.error && r.error.code !== -32000, JSON.stringify(r));
    ends(await c.prompt(s, 'say alive'), 'end_turn');
    assert.match(c.text(s), /alive/);
  } },

  'overloaded': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    const r = await c.prompt(s, 'fail 529');
    assert.ok(r.error, JSON.stringify(r));
    assert.match(r.error.message, /529|[Oo]verload/);
  } },

  'cancel in the middle of text': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    const p = c.prompt(s, 'slow 200 50');
    await begun(t, c, s);
    c.notify('session/cancel', { sessionId: s });
    ends(await p, 'cancelled');
    assert.ok(!c.text(s).includes('tick199'));
    ends(await c.prompt(s, 'say alive'), 'end_turn');
    assert.match(c.text(s), /alive/);
  } },

  'cancel in the middle of a tool': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    const p = c.prompt(s, 'run: touch begun.txt; timeout 30 tail -f note.txt; touch never.txt');
    await appears(file(t, 'begun.txt'));
    c.notify('session/cancel', { sessionId: s });
    ends(await p, 'cancelled');
    closedTools(c);
    assert.ok(!fs.existsSync(file(t, 'never.txt')));
  } },

  'cancel with a question open': { not: noAsking, run: async t => {
    const c = await connect(t, () => undefined), s = await open(t, c);
    const p = c.prompt(s, 'run: touch never.txt');
    await c.until(() => asked(c).length === 1, 'a question');
    c.notify('session/cancel', { sessionId: s });
    ends(await p, 'cancelled');
    assert.ok(!fs.existsSync(file(t, 'never.txt')));
    closedTools(c);
  } },

  'load after kill -9': { run: async t => {
    let c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'say remember me'), 'end_turn');
    await recorded(t, s, 'assistant');
    c.p.kill('SIGKILL');
    await c.done;
    c = await connect(t);
    const r = await c.call('session/load', { sessionId: s, cwd: t.cwd, mcpServers: [] });
    assert.ok(r.result, JSON.stringify(r));
    assert.match(c.of('user_message_chunk', s).map(u => u.content.text).join(''), /say remember me/);
    assert.match(c.text(s), /remember me/);
    ends(await c.prompt(s, 'say resumed'), 'end_turn');
    assert.match(c.text(s), /resumed/);
    const list = await c.call('session/list', { cwd: t.cwd });
    assert.ok(list.result?.sessions.some(x => x.sessionId === s), JSON.stringify(list));
  } },

  'resume after kill -9 in a turn': { run: async t => {
    let c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'say first'), 'end_turn');
    await recorded(t, s, 'assistant');
    c.prompt(s, 'slow 200 50').catch(() => {});
    await begun(t, c, s);
    c.p.kill('SIGKILL');
    await c.done;
    await loadable(t);
    c = await connect(t);
    const r = await c.call(c.can.sessionCapabilities?.resume ? 'session/resume' : 'session/load', { sessionId: s, cwd: t.cwd, mcpServers: [] });
    assert.ok(r.result, JSON.stringify(r));
    ends(await c.prompt(s, 'say second'), 'end_turn');
    assert.match(c.text(s), /second/);
  } },

  'two sessions at once': { run: async t => {
    const c = await connect(t), a = await open(t, c), b = await open(t, c);
    assert.notEqual(a, b);
    const one = c.prompt(a, 'slow 30 50'), two = c.prompt(b, 'say second session');
    ends(await two, 'end_turn');
    ends(await one, 'end_turn');
    assert.match(c.text(a), /tick29/);
    assert.equal(c.text(b), 'second session');
  } },

  'MCP tool': { not: a => a.noMcp, run: async t => {
    const c = await connect(t);
    const s = await open(t, c, [{ name: 'echo', command: process.execPath, args: [t.mcp], env: [{ name: 'SECRET', value: 'x' }] }]);
    if (t.agent.mcpModel) await c.call('session/set_config_option', { sessionId: s, configId: 'model', value: t.agent.mcpModel });
    ends(await c.prompt(s, `tool ${t.agent.mcpTool ?? 'mcp__echo__echo'} {"text":"ping"}`), 'end_turn');
    assert.match(JSON.stringify(c.tools(s)), /echo: ping/);
    closedTools(c);
  } },

  'image': { not: a => a.noImage, run: async t => {
    const c = await connect(t), s = await open(t, c);
    assert.equal(c.can.promptCapabilities?.image, true);
    const data = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    ends(await c.call('session/prompt', { sessionId: s, prompt: [{ type: 'image', mimeType: 'image/png', data }, { type: 'text', text: 'say I see.' }] }), 'end_turn');
    assert.ok(c.text(s).length > 0);
  } },

  'model changed': { not: a => a.noModel, run: async t => {
    const c = await connect(t), s = await open(t, c);
    const option = c.setup.configOptions?.find(o => o.category === 'model');
    const other = option?.options.flatMap(o => o.options ?? o).find(o => o.value !== option.currentValue && o.value !== 'default');
    assert.ok(other, JSON.stringify(c.setup).slice(0, 400));
    const r = await c.call('session/set_config_option', { sessionId: s, configId: option.id, value: other.value });
    assert.equal(r.result?.configOptions.find(o => o.id === option.id).currentValue, other.value, JSON.stringify(r));
    ends(await c.prompt(s, 'say other model'), 'end_turn');
    const bad = await c.call('session/set_config_option', { sessionId: s, configId: 'nonsense', value: 'x' });
    assert.ok(bad.error);
  } },

  'thought level changed': { not: a => a.noEffort, run: async t => {
    const c = await connect(t), s = await open(t, c);
    const option = c.setup.configOptions?.find(o => o.category === 'thought_level');
    const other = option?.options.find(o => o.value !== option.currentValue && o.value !== 'default');
    assert.ok(other, JSON.stringify(c.setup).slice(0, 400));
    const r = await c.call('session/set_config_option', { sessionId: s, configId: option.id, value: other.value });
    assert.equal(r.result?.configOptions.find(o => o.id === option.id).currentValue, other.value, JSON.stringify(r));
    ends(await c.prompt(s, 'say deep'), 'end_turn');
  } },

  'switches of the model': { not: a => (a.switches ? null : `${a.title} has none`), run: async t => {
    const c = await connect(t), s = await open(t, c);
    for (const configId of t.agent.switches) {
      const r = await c.call('session/set_config_option', { sessionId: s, configId, value: 'on' });
      assert.equal(r.result?.configOptions.find(o => o.id === configId).currentValue, 'on', JSON.stringify(r));
    }
    ends(await c.prompt(s, 'say switched'), 'end_turn');
  } },

  'no MCP is told': { not: a => (a.tellsNoMcp ? null : 'it has MCP'), run: async t => {
    const c = await connect(t), s = await open(t, c, [{ name: 'echo', command: process.execPath, args: [t.mcp], env: [] }]);
    await c.until(() => /no MCP.*echo/.test(c.text(s)), 'a notice');
  } },

  'commands and usage are told': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'say hello'), 'end_turn');
    if (!t.agent.noUsage) {
      const [usage] = c.of('usage_update', s).slice(-1);
      assert.ok(usage?.used > 0 && usage.size > usage.used, JSON.stringify(usage));
    }
    if (t.agent.command) assert.ok(c.of('available_commands_update', s).at(-1)?.availableCommands.some(x => x.name === t.agent.command));
  } },

  'question as a form': { not: a => (a.asksForms ? null : `${a.title} asks no questions by itself`), run: async t => {
    let form;
    const c = await connect(t, (method, params) => {
      if (method !== 'elicitation/create') return allow(method, params);
      form = params;
      return { action: 'accept', content: { question_0: 'green' } };
    }, { elicitation: { form: {} } });
    const s = await open(t, c);
    ends(await c.prompt(s, 'ask Which colour? red | green'), 'end_turn');
    assert.deepEqual(form.requestedSchema.properties.question_0.oneOf.map(x => x.const), ['red', 'green']);
    assert.match(JSON.stringify(c.tools(s)), /colour\?\\+"=\\+"green/);
  } },

  'plan approved': { not: a => (a.plansMode ? null : `${a.title} has no plan to approve`), run: async t => {
    const c = await connect(t), s = await open(t, c);
    await c.call('session/set_mode', { sessionId: s, modeId: 'plan' });
    ends(await c.prompt(s, 'exitplan 1. Do it.'), 'end_turn');
    const [question] = asked(c);
    assert.equal(question.params.toolCall.kind, 'switch_mode');
    assert.ok(question.params.options.length >= 3);
    assert.equal(c.of('current_mode_update', s).at(-1)?.currentModeId, 'default');
  } },

  'session forked': { not: a => a.noFork, run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'say remember me'), 'end_turn');
    const r = await c.call('session/fork', { sessionId: s, cwd: t.cwd, mcpServers: [] });
    assert.ok(r.result?.sessionId && r.result.sessionId !== s, JSON.stringify(r));
    ends(await c.prompt(r.result.sessionId, 'say forked'), 'end_turn');
    assert.match(c.text(r.result.sessionId), /forked/);
  } },

  'the agent is killed': { not: a => (a.isItself ? 'it has no adapter' : null), run: async t => {
    const c = await connect(t), s = await open(t, c);
    const p = c.prompt(s, 'slow 200 50');
    await begun(t, c, s);
    killChildren(c.p.pid);
    const r = await p;
    assert.match(r.error?.message ?? '', /signal 9|killed/i, JSON.stringify(r));
    ends(await c.prompt(s, 'say back again'), 'end_turn');
    assert.match(c.text(s), /back again/);
  } },

  'session closed': { run: async t => {
    const c = await connect(t), s = await open(t, c);
    ends(await c.prompt(s, 'say hello'), 'end_turn');
    const r = await c.call('session/close', { sessionId: s });
    assert.ok(r.result, JSON.stringify(r));
    assert.ok((await c.prompt(s, 'say no')).error);
    assert.equal((await c.end()).code, 0);
  } },
};

function killChildren(pid) {
  for (const d of fs.readdirSync('/proc'))
    if (/^\d+$/.test(d)) {
      let stat;
      try { stat = fs.readFileSync(`/proc/${d}/stat`, 'utf8'); } catch { continue; }
      if (+stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === pid) process.kill(+d, 'SIGKILL');
    }
}
