// A client of the official SDK with a persistence driver, in two lives that share a file:
//   persist.mjs BASE FILE [SESSION]     make a session and prompt it, or bring SESSION back and go on
// The file ends as SQL in the tables that the reference's SQLite driver has. One JSON line on stdout.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { SandboxAgent } from 'sandbox-agent';

const [baseUrl, file, wanted] = process.argv.slice(2);
const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { sessions: {}, events: {} };
const page = (items, { cursor = '0', limit = 100 } = {}) => {
  const from = Number(cursor), to = from + limit;
  return { items: items.slice(from, to), nextCursor: to < items.length ? String(to) : undefined };
};
const persist = {
  getSession: async (id) => kept.sessions[id],
  listSessions: async (request) => page(Object.values(kept.sessions), request),
  updateSession: async (session) => void (kept.sessions[session.id] = session),
  listEvents: async (request) => page(kept.events[request.sessionId] ?? [], request),
  insertEvent: async (id, event) => void (kept.events[id] ??= []).push(event),
};

const sdk = await SandboxAgent.connect({ baseUrl, persist });
const session = wanted ? await sdk.resumeSession(wanted) : await sdk.createSession({ agent: 'mock', cwd: '/' });
const { stopReason } = await session.prompt([{ type: 'text', text: wanted ? 'say and on' : 'say it is "kept"' }]);
await sdk.dispose();

const text = (value) => (value == null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`);
const insert = (table, values) => `INSERT INTO ${table} VALUES(${values.map((v) => (typeof v === 'number' ? v : text(v))).join(',')});`;
const sql = [
  'CREATE TABLE sessions(id TEXT PRIMARY KEY, agent TEXT NOT NULL, agent_session_id TEXT NOT NULL, last_connection_id TEXT NOT NULL,',
  ' created_at INTEGER NOT NULL, destroyed_at INTEGER, session_init_json TEXT);',
  'CREATE TABLE events(id TEXT PRIMARY KEY, event_index INTEGER NOT NULL, session_id TEXT NOT NULL, created_at INTEGER NOT NULL,',
  ' connection_id TEXT NOT NULL, sender TEXT NOT NULL, payload_json TEXT NOT NULL);',
  ...Object.values(kept.sessions).map((s) => insert('sessions', [s.id, s.agent, s.agentSessionId, s.lastConnectionId, s.createdAt,
    s.destroyedAt, s.sessionInit && JSON.stringify(s.sessionInit)])),
  ...Object.values(kept.events).flat().map((e) => insert('events', [e.id, e.eventIndex, e.sessionId, e.createdAt, e.connectionId,
    e.sender, JSON.stringify(e.payload)])),
];
writeFileSync(file, JSON.stringify(kept));
writeFileSync(`${file}.sql`, sql.join('\n'));
console.log(JSON.stringify({ id: session.id, stopReason, events: kept.events[session.id].length }));
process.exit(0);
