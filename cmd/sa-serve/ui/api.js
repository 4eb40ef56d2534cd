// Requests to the server. The token is this tab's: it comes in the fragment (#token=...) or by
// the form, and is in no URL after that.

const KEY = "token";

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || (status ? `The server answers ${status}.` : "The server is out of reach."));
    this.status = status;
    this.problem = problem;
  }
}

export function takeTokenFromFragment() {
  const match = /^#(.*?)[&/]?token=([^&]*)(.*)$/.exec(location.hash);
  if (!match) return;
  let token = match[2];
  try { token = decodeURIComponent(token); } catch { /* it was not encoded */ }
  setToken(token);
  history.replaceState(null, "", `${location.pathname}#${match[1] || "/sessions"}${match[3]}`);
}

export function setToken(token) {
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
}

export function headers(more) {
  const token = sessionStorage.getItem(KEY);
  return token ? { ...more, authorization: `Bearer ${token}` } : { ...more };
}

const watchers = new Set();
let reachable = true;
// Called with true or false when the server comes or goes.
export function onReachable(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
export function tellReachable(now) {
  if (now === reachable) return;
  reachable = now;
  for (const watcher of watchers) watcher(now);
}

// The last requests of this tab, newest last, for the page that shows them.
const LOGGED = 500;
export const requests = [];
const readers = new Set();
export function onRequest(reader) {
  readers.add(reader);
  return () => readers.delete(reader);
}
export function logged(entry, change) {
  Object.assign(entry, change);
  if (requests.at(-1) !== entry && !requests.includes(entry)) requests.push(entry);
  if (requests.length > LOGGED) requests.shift();
  for (const reader of readers) reader(entry);
}

// The Response, whatever its status but 401's form is shown; a Refusal when the server cannot be reached.
export async function send(method, path, options = {}) {
  const entry = { method, path, at: Date.now(), status: 0, ms: 0, body: typeof options.body === "string" ? options.body : options.body ? "(bytes)" : "" };
  let answer;
  try {
    answer = await fetch(path, { method, headers: headers(options.headers), body: options.body, signal: options.signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    logged(entry, { ms: Date.now() - entry.at });
    tellReachable(false);
    throw new Refusal(0, null);
  }
  tellReachable(true);
  logged(entry, { status: answer.status, ms: Date.now() - entry.at, id: answer.headers.get("x-request-id") });
  if (answer.status === 401) window.dispatchEvent(new Event("token-wanted"));
  return answer;
}

export async function refusalOf(answer) {
  let json = null;
  try { json = JSON.parse(await answer.text()); } catch { /* no JSON: the status has to do */ }
  return new Refusal(answer.status, json);
}

// The answer's JSON (null without); a Refusal when it is none.
export async function ask(method, path, body, options = {}) {
  const answer = await send(method, path, { signal: options.signal, ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }) });
  if (!answer.ok) throw await refusalOf(answer);
  const text = await answer.text();
  if (options.isText) return text;
  try { return text ? JSON.parse(text) : null; } catch { throw new Refusal(answer.status, { detail: "The server's answer is no JSON." }); }
}

const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

// A command line that asks the same; the token stays a variable.
export function curl(method, path, body) {
  return ["curl -s", method === "GET" ? "" : `-X ${method}`, '-H "Authorization: Bearer $SANDBOX_AGENT_TOKEN"',
    body ? `-H 'content-type: application/json' -d ${quote(body)}` : "", quote(new URL(path, location.origin).href)].filter(Boolean).join(" ");
}
export function cli(method, path, body) {
  return ["sandbox-agent api request", method, quote(path), body ? `--json ${quote(body)}` : "", "--endpoint", quote(location.origin)].filter(Boolean).join(" ");
}
export { quote };

// A session's routes on the server, and its pages here. An id may hold a slash, a blank, a percent sign.
export const session = (id, rest = "") => `/v1/sessions/${encodeURIComponent(id)}${rest}`;
export const sessionPage = (id, rest = "") => `#/sessions/${encodeURIComponent(id)}${rest}`;
