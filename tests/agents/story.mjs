// An ACP conversation as a story that two adapters can be compared by: what a person would see, in
// order, without the adapters' ways of cutting it into messages.

const DROPPED = new Set(['usage_update', 'available_commands_update', 'session_info_update', 'config_option_update', 'user_message_chunk']);
const text = c => (c.type === 'content' ? c.content.text ?? `[${c.content.type}]` : c.type === 'diff' ? `diff ${c.path}` : `[${c.type}]`);

// Messages of the agent, JSON-RPC envelopes in order -> list of {what, ...}.
export function story(messages) {
  const all = [], tools = new Map(), methods = new Map();
  const add = e => { all.push(e); return e; };
  for (const m of messages) {
    if (m.method === 'session/update') {
      const u = m.params.update, last = all.at(-1);
      if (DROPPED.has(u.sessionUpdate)) continue;
      if (u.sessionUpdate.endsWith('_chunk')) {
        if (last?.what === u.sessionUpdate) last.text += u.content.text ?? '';
        else add({ what: u.sessionUpdate, text: u.content.text ?? '' });
      } else if (u.sessionUpdate === 'tool_call' || u.sessionUpdate === 'tool_call_update') {
        if (!tools.has(u.toolCallId)) tools.set(u.toolCallId, add({ what: 'tool' }));
        const t = tools.get(u.toolCallId);
        for (const k of ['kind', 'status', 'title']) if (u[k] !== undefined) t[k] = u[k];
        if (u.content?.length) t.content = u.content.map(text).join('\n');
        if (u.locations?.length) t.locations = u.locations.map(l => l.path).join();
      } else if (u.sessionUpdate === 'plan') {
        const entries = u.entries.map(e => `${e.status} ${e.content}`).join('; ');
        if (last?.what === 'plan' && last.entries === entries) continue;
        add({ what: 'plan', entries });
      } else if (u.sessionUpdate === 'current_mode_update') add({ what: 'mode', mode: u.currentModeId });
      else add({ what: u.sessionUpdate });
    } else if (m.method === 'session/request_permission') {
      add({ what: 'permission', title: m.params.toolCall.title, kinds: m.params.options.map(o => o.kind).join() });
    } else if (m.method === 'elicitation/create') {
      add({ what: 'form', fields: Object.keys(m.params.requestedSchema.properties).join() });
    } else if (!m.method && m.result?.stopReason) add({ what: 'stop', reason: m.result.stopReason });
    else if (!m.method && m.error) add({ what: 'error', code: m.error.code });
  }
  return all;
}

// Differences in words, one a line: "what.field: official | ours". Events are paired by kind, in order.
export function compare(official, ours) {
  const found = [];
  const kinds = [...new Set([...official, ...ours].map(e => e.what))];
  for (const kind of kinds) {
    const a = official.filter(e => e.what === kind), b = ours.filter(e => e.what === kind);
    if (a.length !== b.length) found.push(`${kind}: ${a.length} times | ${b.length} times`);
    for (let i = 0; i < Math.min(a.length, b.length); i++)
      for (const k of new Set([...Object.keys(a[i]), ...Object.keys(b[i])]))
        if (a[i][k] !== b[i][k]) found.push(`${kind}.${k}: ${JSON.stringify(a[i][k])} | ${JSON.stringify(b[i][k])}`);
  }
  const order = s => s.map(e => e.what).filter(w => w !== 'mode').join(' ');
  if (!found.some(f => / times \| /.test(f)) && order(official) !== order(ours)) found.push(`order: ${order(official)} | ${order(ours)}`);
  return found;
}
