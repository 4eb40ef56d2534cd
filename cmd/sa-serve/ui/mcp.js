// MCP servers: an entry of a folder's configuration in words, the form for one, and what ACP wants of it.
import { field, h } from "./dom.js";
import { joinWords, splitWords } from "./words.js";

export const isProgram = (entry) => entry.type === "local" || entry.type === "stdio";
export const kindOf = (entry) => (isProgram(entry) ? "program" : (entry.transport ?? entry.type) === "sse" ? "SSE" : "HTTP");
const wordsOf = (entry) => (entry.command ? joinWords([entry.command, ...(entry.args ?? [])].flat().map(String)) : "");
export const lineOf = (entry) => (entry.command ? wordsOf(entry) : String(entry.url ?? ""));

// "NAME=value" lines to an object and back.
const pairs = (text, separator) => Object.fromEntries(text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => {
  const at = line.indexOf(separator);
  if (at < 1) throw new Error(`“${line}” is no NAME${separator}VALUE.`);
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}));
const lines = (object, separator) => Object.entries(object ?? {}).map(([name, value]) => `${name}${separator}${separator === ":" ? " " : ""}${value}`).join("\n");

// {nodes, read}: read() gives {name, entry}, or throws what is wrong in words. A session's own server knows no variables.
export function serverForm(name, entry, isOwn) {
  const input = (value, more) => h("input", { type: "text", class: "code", spellcheck: "false", value: value ?? "", ...more });
  const area = (value) => h("textarea", { rows: "2", class: "code", spellcheck: "false", value });
  const title = input(name, { required: true, readonly: Boolean(name) });
  const type = h("select", null, [["local", "A program"], ["http", "A server over HTTP"], ["sse", "A server over SSE"]].map(([value, label]) => h("option", { value,
    selected: value === (isProgram(entry) ? "local" : entry.transport === "sse" ? "sse" : "http") }, label)));
  const command = input(isProgram(entry) ? wordsOf(entry) : ""), url = input(entry.url, { type: "url" });
  const env = area(lines(entry.env, "=")), fields = area(lines(entry.headers, ":")), bearer = input(entry.bearerTokenEnvVar);
  const local = h("div", null, field("Command", command, "A program and its arguments"), field("Environment", env, isOwn ? "NAME=value, one a line" : "NAME=value, one a line; ${NAME} is looked up when an agent starts"));
  const remote = h("div", null, field("Address", url), field("Header fields", fields, "Name: value, one a line"), !isOwn && field("Variable with the bearer token", bearer));
  const pick = () => { local.hidden = type.value !== "local"; remote.hidden = !local.hidden; };
  type.addEventListener("change", pick);
  pick();
  const read = () => {
    const { type: _type, command: _command, args: _args, env: _env, url: _url, headers: _headers, bearerTokenEnvVar: _bearer, transport: _transport, enabled: _enabled, ...rest } = entry;
    const parts = splitWords(command.value), isLocal = type.value === "local";
    if (isLocal && !parts?.length) throw new Error("The command is missing, or a quote is left open.");
    if (!isLocal && !url.value.trim()) throw new Error("The address is missing.");
    return { name: title.value.trim(), entry: isLocal ? { ...rest, type: "local", command: parts[0], args: parts.slice(1), ...(env.value.trim() ? { env: pairs(env.value, "=") } : {}) }
      : { ...rest, type: "remote", url: url.value.trim(), transport: type.value, ...(fields.value.trim() ? { headers: pairs(fields.value, ":") } : {}), ...(bearer.value.trim() ? { bearerTokenEnvVar: bearer.value.trim() } : {}) } };
  };
  return { nodes: [field("Name", title), field("What it is", type), local, remote], read };
}

const named = (object) => Object.entries(object ?? {}).map(([name, value]) => ({ name, value }));

// As session/new wants it.
export const toAcp = ({ name, entry }) => (isProgram(entry) ? { name, command: entry.command, args: entry.args, env: named(entry.env) } : { type: entry.transport, name, url: entry.url, headers: named(entry.headers) });
