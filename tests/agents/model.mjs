#!/usr/bin/env node
// A model server on loopback for the tests of real agents: it does what the last prompt says, so that agents can be
// driven without a network and without keys. It speaks what Claude Code (Messages), Codex (Responses) and OpenCode (chat
// completions) ask for, as streams, and prints its address. A prompt is one step a line, or several joined by " then ":
//   say TEXT    think TEXT    slow N MS (N words, MS apart)    run: COMMAND    read FILE    edit FILE: OLD => NEW
//   tool NAME {INPUT}    fail STATUS [xN] (only the first N times)
// POST /__reset forgets how often it has failed.
import http from 'node:http';

// --- prompts -----------------------------------------------------------------------------

const STEPS = [
  [/^say hello$/, () => ({ text: ['Hello ', 'from ', 'the fake model.'] })],
  [/^say (.+)$/, text => ({ text: text.match(/\S+\s*/g) })],
  [/^think (.+)$/, text => ({ thought: text.match(/\S+\s*/g) })],
  [/^slow (\d+) (\d+)$/, (n, ms) => ({ text: Array.from({ length: +n }, (_, i) => `tick${i} `), ms: +ms })],
  [/^run: (.+)$/, command => ({ call: 'run', command })],
  [/^read (\S+)$/, file => ({ call: 'read', file })],
  [/^edit (\S+): (.+) => (.+)$/, (file, from, to) => ({ call: 'edit', file, from, to })],
  [/^tool (\S+) (\{.*\})$/, (name, input) => ({ call: 'named', name, input: JSON.parse(input) })],
  [/^fail (\d+)(?: x(\d+))?$/, (status, times) => ({ status: +status, times: times ? +times : Infinity })],
];

function stepOf(line) {
  for (const [pattern, make] of STEPS) {
    const found = pattern.exec(line.trim());
    if (found) return make(...found.slice(1));
  }
  return undefined;
}

// What is answered when the agent has come back with results that often: all up to the next call.
function answerTo(prompt, rounds) {
  const answer = [];
  let calls = 0;
  for (const step of prompt.split(/\n| then /).map(stepOf).filter(Boolean)) {
    if (calls === rounds) answer.push(step);
    if (step.call) calls++;
  }
  return answer.some(s => s.text || s.call || s.status) ? answer : [...answer, { text: ['Done.'] }];
}

// --- tools: the one that the agent offers for it, with its own names of arguments ----------

const OFFERED = { run: ['Bash', 'bash', 'exec_command'], read: ['Read', 'read'], edit: ['Edit', 'edit', 'apply_patch'] };

function toolFor(step, tools) {
  if (step.call === 'named') return named(step, tools);
  const tool = tools.find(t => OFFERED[step.call].includes(t.name));
  if (!tool && step.call === 'read') return toolFor({ call: 'run', command: `cat ${step.file}` }, tools);
  if (!tool) throw new Error(`no tool for ${step.call} among ${tools.map(t => t.name)}`);
  if (tool.name === 'apply_patch')
    return { name: tool.name, text: `*** Begin Patch\n*** Update File: ${step.file}\n@@\n-${step.from}\n+${step.to}\n*** End Patch\n` };
  const values = {
    command: step.command, cmd: step.command, description: `do ${step.call}`, file_path: step.file, filePath: step.file,
    old_string: step.from, oldString: step.from, new_string: step.to, newString: step.to,
  };
  const wanted = Object.keys(tool.schema?.properties ?? {}).filter(key => values[key] !== undefined);
  return { name: tool.name, input: Object.fromEntries(wanted.map(key => [key, values[key]])) };
}

// Newer models of Codex have one tool, whose input is JavaScript that calls the others.
function named(step, tools) {
  const exec = tools.find(t => t.name === 'exec' && t.isText);
  if (!exec || tools.some(t => t.name === step.name)) return { name: step.name, input: step.input };
  return { name: 'exec', text: `text(await tools.${step.name}(${JSON.stringify(step.input)}));\n` };
}

// --- requests: the conversation as turns, oldest first --------------------------------------

const said = content => (typeof content === 'string' ? [content] : (content ?? []).map(part => part.text ?? ''));
// Agents put remarks of their own around what the user has typed.
const typed = text => text.replace(/<([a-z][\w-]*)[^>]*>[\s\S]*?<\/\1>/gi, '').trim();

function conversation(turns) {
  const at = turns.findLastIndex(t => t.who === 'user' && t.texts.some(text => stepOf(typed(text).split(/\n| then /)[0])));
  const prompt = at < 0 ? '' : turns[at].texts.map(typed).findLast(text => stepOf(text.split(/\n| then /)[0]));
  const after = turns.slice(at + 1).map(t => t.who);
  return { prompt, rounds: after.filter((who, i) => who === 'tool' && after[i - 1] !== 'tool').length };
}

const READERS = {
  messages: body => ({
    turns: body.messages.flatMap(m => {
      const texts = typeof m.content === 'string' ? [m.content] : m.content.filter(c => c.type === 'text').map(c => c.text);
      const hasResult = typeof m.content !== 'string' && m.content.some(c => c.type === 'tool_result');
      return [...(hasResult ? [{ who: 'tool', texts: [] }] : []), { who: hasResult && !texts.length ? 'tool' : m.role, texts }];
    }),
    tools: (body.tools ?? []).map(t => ({ name: t.name, schema: t.input_schema })),
  }),
  responses: body => ({
    turns: body.input.map(item => (/_output$/.test(item.type) ? { who: 'tool', texts: [] } : { who: item.role === 'user' ? 'user' : 'model', texts: said(item.content) })),
    tools: [...(body.tools ?? []), ...body.input.flatMap(item => (item.type === 'additional_tools' ? item.tools : []))]
      .flatMap(t => (t.type === 'namespace' ? t.tools.map(x => ({ ...x, namespace: t.name })) : [t]))
      .map(t => ({ name: t.name, schema: t.parameters, isText: t.type === 'custom', namespace: t.namespace })),
  }),
  completions: body => ({
    turns: body.messages.map(m => ({ who: m.role, texts: said(m.content) })),
    tools: (body.tools ?? []).map(t => ({ name: t.function.name, schema: t.function.parameters })),
  }),
};

// --- answers: the same steps in three wire formats ---------------------------------------------

const pause = ms => new Promise(done => { setTimeout(done, ms); });
let ids = 0;
const id = kind => `${kind}_${String(++ids).padStart(24, '0')}`;

async function* words(step, list) {
  for (const word of list) {
    yield word;
    if (step.ms) await pause(step.ms);
  }
}

async function messages(send, body, steps, tools) {
  const usage = { input_tokens: 100, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const event = (type, more) => send(type, { type, ...more });
  let index = 0, reason = 'end_turn';
  event('message_start', { message: { id: id('msg'), type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null, stop_sequence: null, usage } });
  async function block(step, start, kind, member, list) {
    event('content_block_start', { index, content_block: start });
    for await (const word of words(step, list)) event('content_block_delta', { index, delta: { type: kind, [member]: word } });
    if (start.type === 'thinking') event('content_block_delta', { index, delta: { type: 'signature_delta', signature: 'c2lnbmVk' } });
    event('content_block_stop', { index: index++ });
  }
  for (const step of steps)
    if (step.text) await block(step, { type: 'text', text: '' }, 'text_delta', 'text', step.text);
    else if (step.thought && body.thinking && body.thinking.type !== 'disabled') await block(step, { type: 'thinking', thinking: '', signature: '' }, 'thinking_delta', 'thinking', step.thought);
    else if (step.call) {
      const call = toolFor(step, tools);
      reason = 'tool_use';
      await block(step, { type: 'tool_use', id: id('toolu'), name: call.name, input: {} }, 'input_json_delta', 'partial_json', [JSON.stringify(call.input)]);
    }
  event('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 10 } });
  event('message_stop', {});
}

async function responses(send, body, steps, tools) {
  const response = { id: id('resp'), object: 'response', created_at: 1, model: body.model, status: 'in_progress', output: [] };
  let sequence = 0;
  const event = (type, more) => send(type, { type, sequence_number: sequence++, ...more });
  event('response.created', { response });
  async function item(step, start, kind, place, list, full) {
    const at = { item_id: start.id, output_index: response.output.length, ...place };
    event('response.output_item.added', { output_index: at.output_index, item: start });
    for await (const word of words(step, list)) event(`response.${kind}.delta`, { ...at, delta: word });
    event('response.output_item.done', { output_index: at.output_index, item: full });
    response.output.push(full);
  }
  for (const step of steps)
    if (step.text) {
      const start = { id: id('msg'), type: 'message', role: 'assistant', status: 'in_progress', content: [] };
      await item(step, start, 'output_text', { content_index: 0 }, step.text, { ...start, status: 'completed', content: [{ type: 'output_text', text: step.text.join(''), annotations: [] }] });
    } else if (step.thought) {
      const start = { id: id('rs'), type: 'reasoning', summary: [] };
      await item(step, start, 'reasoning_summary_text', { summary_index: 0 }, step.thought, { ...start, summary: [{ type: 'summary_text', text: step.thought.join('') }] });
    } else if (step.call) {
      const call = toolFor(step, tools), isText = call.text !== undefined, namespace = tools.find(t => t.name === call.name)?.namespace;
      const member = isText ? 'input' : 'arguments', value = isText ? call.text : JSON.stringify(call.input);
      const start = { id: id('fc'), type: isText ? 'custom_tool_call' : 'function_call', status: 'in_progress', call_id: id('call'), name: call.name, ...(namespace ? { namespace } : {}), [member]: '' };
      await item(step, start, isText ? 'custom_tool_call_input' : 'function_call_arguments', {}, [value], { ...start, status: 'completed', [member]: value });
    }
  const usage = { input_tokens: 100, input_tokens_details: { cached_tokens: 0 }, output_tokens: 10, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 110 };
  event('response.completed', { response: { ...response, status: 'completed', usage } });
}

async function completions(send, body, steps, tools) {
  const chunk = { id: id('chatcmpl'), object: 'chat.completion.chunk', created: 1, model: body.model };
  const delta = (more, reason = null) => send(null, { ...chunk, choices: [{ index: 0, delta: more, finish_reason: reason }] });
  let reason = 'stop';
  delta({ role: 'assistant', content: '' });
  for (const step of steps)
    if (step.call) {
      const call = toolFor(step, tools);
      reason = 'tool_calls';
      delta({ tool_calls: [{ index: 0, id: id('call'), type: 'function', function: { name: call.name, arguments: JSON.stringify(call.input) } }] });
    } else for await (const word of words(step, step.text ?? step.thought ?? [])) delta({ [step.text ? 'content' : 'reasoning_content']: word });
  delta({}, reason);
  send(null, { ...chunk, choices: [], usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 } });
  send(null, '[DONE]');
}

const WRITERS = { messages, responses, completions };
const KINDS = { 401: 'authentication_error', 429: 'rate_limit_error', 529: 'overloaded_error' };

// --- the server -----------------------------------------------------------------------------------

const failures = new Map();

function json(res, status, value, headers = {}) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(value));
}

function fails(res, prompt, step) {
  const count = (failures.get(prompt) ?? 0) + 1, type = KINDS[step.status] ?? 'api_error', message = `fake failure ${step.status}`;
  failures.set(prompt, count);
  if (count > step.times) return false;
  json(res, step.status, { type: 'error', error: { type, message, code: type } }, step.status === 429 ? { 'retry-after': '1' } : {});
  return true;
}

async function handle(req, res) {
  const { pathname } = new URL(req.url, 'http://model'), kind = pathname.split('/').at(-1);
  let text = '';
  for await (const part of req) text += part;
  if (pathname === '/__reset') failures.clear();
  if (req.method === 'GET' && kind === 'models') return json(res, 200, { object: 'list', data: [] });
  if (kind === 'count_tokens') return json(res, 200, { input_tokens: 100 });
  if (!WRITERS[kind]) return json(res, req.method === 'POST' ? 200 : 404, {});
  const body = JSON.parse(text), { turns, tools } = READERS[kind](body), { prompt, rounds } = conversation(turns);
  // Without tools it is a request of the agent's own: a title, a summary, a probe.
  const steps = tools.length ? answerTo(prompt, rounds) : [{ text: ['A title'] }];
  const failure = steps.find(step => step.status);
  if (failure && fails(res, prompt, failure)) return undefined;
  if (!body.stream) return json(res, 200, { id: id('msg'), type: 'message', role: 'assistant', model: body.model, content: [{ type: 'text', text: 'A title' }], stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 }, choices: [{ index: 0, message: { role: 'assistant', content: 'A title' }, finish_reason: 'stop' }] });
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (event, data) => {
    if (res.destroyed) throw new Error('the agent has gone');
    res.write(`${event ? `event: ${event}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  };
  await WRITERS[kind](send, body, steps.filter(step => !step.status), tools);
  return res.end();
}

const server = http.createServer((req, res) => {
  handle(req, res).catch(error => {
    if (!res.destroyed) console.error(`# model: ${error.message}`);
    if (res.headersSent) res.destroy();
    else json(res, 500, { error: { type: 'api_error', message: error.message } });
  });
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
