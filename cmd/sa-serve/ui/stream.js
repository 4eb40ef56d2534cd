// Server-sent events over fetch (EventSource cannot send a token), resumed after the last id.
import { headers, logged, refusalOf, tellReachable } from "./api.js";

const FIRST_WAIT_MS = 300, LONGEST_WAIT_MS = 10000, SILENCE_MS = 60000, TURN_MS = 8;

// Lines of a stream to messages: push(text) calls onMessage({id, data}) for each whole one.
export function parser(onMessage) {
  let rest = "", id = null, event = "message", data = [];
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length) onMessage({ id, event, data: data.join("\n") });
        data = [];
        event = "message";
      } else if (line.startsWith("id:")) id = line.slice(3).trim();
      else if (line.startsWith("event:")) event = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    }
  };
}

async function readOnce(path, options, signal, onMessage, onState) {
  const quiet = new AbortController();
  const both = AbortSignal.any([signal, quiet.signal]);
  const entry = { method: options.method ?? "GET", path, at: Date.now(), status: 0, ms: 0, body: options.body ?? "" };
  let timer = setTimeout(() => quiet.abort(), SILENCE_MS);
  try {
    const answer = await fetch(path, { ...options, headers: headers({ accept: "text/event-stream", ...options.headers }), signal: both });
    tellReachable(true);
    logged(entry, { status: answer.status, ms: Date.now() - entry.at, id: answer.headers.get("x-request-id") }); // until it begins
    if (!answer.ok) {
      if (answer.status === 401) window.dispatchEvent(new Event("token-wanted"));
      return answer;
    }
    onState("live");
    const push = parser(onMessage), decoder = new TextDecoder(), reader = answer.body.getReader();
    for (let begun = performance.now(); ;) {
      const { done, value } = await reader.read();
      if (done) return answer;
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), SILENCE_MS);
      push(decoder.decode(value, { stream: true }));
      // What is there already comes without a pause; the page has to be drawn in between.
      if (performance.now() - begun < TURN_MS) continue;
      await new Promise((resume) => setTimeout(resume));
      begun = performance.now();
    }
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const done = () => { clearTimeout(timer); resolve(); };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    window.addEventListener("online", done, { once: true });
  });
}

// Follow until stopped: onEvent(event, its text) for each number above the last one, in order; onState is told
// "live", "away" or "gone". Returns the function that stops it.
export function follow(path, after, onEvent, onState, numberOf = (event) => event.eventIndex) {
  const stop = new AbortController();
  let last = after, wait = FIRST_WAIT_MS;
  const onMessage = ({ data }) => {
    const event = JSON.parse(data), number = numberOf(event);
    if (!(number > last)) return;
    last = number;
    wait = FIRST_WAIT_MS;
    onEvent(event, data);
  };
  (async () => {
    while (!stop.signal.aborted) {
      let status = 0;
      try {
        status = (await readOnce(path, { headers: last ? { "last-event-id": String(last) } : {} }, stop.signal, onMessage, onState)).status;
      } catch {
        if (!stop.signal.aborted) tellReachable(false);
      }
      if (stop.signal.aborted) return;
      if (status === 404) { onState("gone"); return; }
      onState("away");
      await pause(wait * (0.75 + Math.random() / 2), stop.signal);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  })();
  return () => stop.abort();
}

export const decode = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

// Run one of the server's command lines: onBytes("stdout"|"stderr", bytes) as they come; its exit {exitStatus, message}.
export async function runCommandBytes(command, args, onBytes, signal = new AbortController().signal) {
  let end = { exitStatus: 1, message: "The server ended the connection." };
  const answer = await readOnce("/v1/commands", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ command, args }) }, signal, ({ event, data }) => {
    const frame = JSON.parse(data);
    if (event === "exit") end = frame;
    else if (event === "stdout" || event === "stderr") onBytes(event, decode(frame.data));
  }, () => {});
  if (!answer.ok) throw await refusalOf(answer);
  return end;
}

// The same with text.
export function runCommand(command, args, onText, signal) {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  return runCommandBytes(command, args, (stream, bytes) => onText(stream, decoders[stream].decode(bytes, { stream: true })), signal);
}
