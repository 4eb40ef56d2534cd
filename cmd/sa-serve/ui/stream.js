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

// Streams that follow are let go when nobody has looked at the page for a while, since a browser has few
// connections for all its tabs, and are taken up again when somebody does.
const UNSEEN_MS = Number(globalThis.localStorage?.getItem("unseen-ms")) || 60000;
function whileSeen(abort) {
  let timer = null;
  const look = () => {
    clearTimeout(timer);
    timer = document.hidden ? setTimeout(abort, UNSEEN_MS) : null;
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => { clearTimeout(timer); document.removeEventListener("visibilitychange", look); };
}
export const untilSeen = (signal) => new Promise((resolve) => {
  if (!document.hidden || signal.aborted) { resolve(); return; }
  const done = () => { if (!document.hidden || signal.aborted) { document.removeEventListener("visibilitychange", done); resolve(); } };
  document.addEventListener("visibilitychange", done);
  signal.addEventListener("abort", done, { once: true });
});

async function readOnce(path, options, signal, onMessage, onState) {
  const quiet = new AbortController();
  const sleep = options.isFollowing ? whileSeen(() => quiet.abort()) : () => {};
  const both = AbortSignal.any([signal, quiet.signal]);
  const entry = { method: options.method ?? "GET", path, at: Date.now(), status: 0, ms: 0, body: options.body ?? "" };
  let timer = setTimeout(() => quiet.abort(), SILENCE_MS);
  try {
    const answer = await fetch(path, { method: options.method, body: options.body, headers: headers({ accept: "text/event-stream", ...options.headers }), signal: both });
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
      await options.taken?.();
      // What is there already comes without a pause; the page has to be drawn in between.
      if (performance.now() - begun < TURN_MS) continue;
      await new Promise((resume) => setTimeout(resume));
      begun = performance.now();
    }
  } finally {
    clearTimeout(timer);
    sleep();
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
        status = (await readOnce(path, { isFollowing: true, headers: last ? { "last-event-id": String(last) } : {} }, stop.signal, onMessage, onState)).status;
      } catch {
        if (!stop.signal.aborted && !document.hidden) tellReachable(false);
      }
      if (stop.signal.aborted) return;
      if (status === 404) { onState("gone"); return; }
      onState("away");
      await untilSeen(stop.signal);
      await pause(wait * (0.75 + Math.random() / 2), stop.signal);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  })();
  return () => stop.abort();
}

export const decode = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

// Run one of the server's command lines: onBytes("stdout"|"stderr", bytes) as they come; its exit {exitStatus, message}.
// When onBytes gives a promise, no more is read until it is kept.
export async function runCommandBytes(command, args, onBytes, signal = new AbortController().signal, isFollowing = false) {
  let end = { exitStatus: 1, message: "The server ended the connection." }, taking = [];
  const taken = async () => { await Promise.all(taking); taking = []; };
  const answer = await readOnce("/v1/commands", { isFollowing, taken, method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ command, args }) }, signal, ({ event, data }) => {
    const frame = JSON.parse(data);
    if (event === "exit") end = frame;
    else if (event === "stdout" || event === "stderr") taking.push(onBytes(event, decode(frame.data)));
  }, () => {});
  if (!answer.ok) throw await refusalOf(answer);
  return end;
}

// The same with text.
export function runCommand(command, args, onText, signal, isFollowing) {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  return runCommandBytes(command, args, (stream, bytes) => onText(stream, decoders[stream].decode(bytes, { stream: true })), signal, isFollowing);
}
