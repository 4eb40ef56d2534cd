// What this browser has seen of the server, in IndexedDB (one per origin, so one per server): a
// session opens at once from it, and can be read while the server is away. All of it may fail
// (private windows, a full disk): then there is no history, and everything else works.

// Another bound may be set with localStorage["history-bytes"].
// Events lie together in batches of JSON: a row for each would make long sessions slow to keep and to open.
const BATCH_EVENTS = 512, TURN_MS = 25;
export const BOUND_BYTES = Number(globalThis.localStorage?.getItem("history-bytes")) || 64 * 1024 * 1024;
let opening = null;

function open() {
  opening ??= new Promise((resolve) => {
    const request = indexedDB.open("inspector", 2);
    request.onupgradeneeded = () => {
      for (const name of [...request.result.objectStoreNames]) request.result.deleteObjectStore(name);
      request.result.createObjectStore("events", { keyPath: ["sessionId", "first"] });
      request.result.createObjectStore("sessions", { keyPath: "id" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
    request.onblocked = () => resolve(null);
  });
  return opening;
}

const result = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function within(mode, work, otherwise) {
  try {
    const db = await open();
    if (!db) return otherwise;
    const change = db.transaction(["events", "sessions"], mode);
    return await work(change.objectStore("sessions"), change.objectStore("events"));
  } catch {
    return otherwise;
  }
}

const rangeOf = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);

export const sessions = () => within("readonly", async (store) =>
  (await result(store.getAll())).map((row) => row.session && { ...row.session, usage: row.usage }).filter(Boolean), []);

// What a session was last seen to have cost; the server's list does not say.
export const keepUsage = (id, usage) => within("readwrite", async (store) => {
  store.put({ last: 0, bytes: 0, usedAt: 0, ...(await result(store.get(id))), id, usage });
}, null);

export const session = (id) => within("readonly", async (store) => (await result(store.get(id)))?.session ?? null, null);

// All of a session, in order; the page may draw in between.
export async function events(id) {
  const batches = await within("readonly", (_, store) => result(store.getAll(rangeOf(id))), []), all = [];
  for (let begun = performance.now(); batches.length;) {
    all.push(...JSON.parse(`[${batches.shift().text}]`));
    if (performance.now() - begun < TURN_MS) continue;
    await new Promise((done) => setTimeout(done));
    begun = performance.now();
  }
  return all;
}

export const keepSessions = (list) => within("readwrite", async (store) => {
  for (const session of list) {
    const row = await result(store.get(session.id));
    store.put({ last: 0, bytes: 0, usedAt: 0, ...row, id: session.id, session });
  }
}, null);

function partsOf(list) {
  const parts = [];
  for (let at = 0; at < list.length; at += BATCH_EVENTS) parts.push(list.slice(at, at + BATCH_EVENTS));
  return parts;
}

// Append events, as {index, text}, that follow index `after` without a gap. When that is not where the stored part ends
// (cleared meanwhile), nothing is kept: a hole would never be filled.
export const keepEvents = (id, after, list, usage) => within("readwrite", async (store, events) => {
  const row = { id, last: 0, bytes: 0, first: 0, count: 0, ...(await result(store.get(id))) }; // first, count: of the last batch
  if (after > row.last) return;
  for (const part of partsOf(list.filter((event) => event.index > row.last))) {
    const text = part.map((event) => event.text).join();
    const isMore = row.count > 0 && row.count + part.length <= BATCH_EVENTS;
    const batch = isMore ? await result(events.get([id, row.first])) : { sessionId: id, first: part[0].index, text: "" };
    batch.text += isMore ? `,${text}` : text;
    events.put(batch);
    Object.assign(row, { first: batch.first, count: part.length + (isMore ? row.count : 0), last: part.at(-1).index, bytes: row.bytes + text.length });
  }
  row.usedAt = Date.now();
  row.usage = usage ?? row.usage;
  store.put(row);
  await makeRoom(store, events, id);
}, null);

async function makeRoom(store, events, kept) {
  const rows = (await result(store.getAll())).sort((a, b) => a.usedAt - b.usedAt);
  let total = rows.reduce((sum, row) => sum + row.bytes, 0);
  for (const row of rows) {
    if (total <= BOUND_BYTES) return;
    if (row.id === kept || row.bytes === 0) continue;
    events.delete(rangeOf(row.id));
    store.put({ ...row, last: 0, bytes: 0, count: 0 });
    total -= row.bytes;
  }
}

export const bytes = () => within("readonly", async (store) =>
  (await result(store.getAll())).reduce((sum, row) => sum + row.bytes, 0), 0);

export const clear = () => within("readwrite", async (store, events) => {
  store.clear();
  events.clear();
}, null);
