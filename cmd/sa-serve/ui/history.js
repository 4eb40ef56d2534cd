// What this browser has seen of the server, in IndexedDB (one per origin, so one per server): a
// session opens at once from it, and can be read while the server is away. All of it may fail
// (private windows, a full disk): then there is no history, and everything else works.

// Another bound may be set with localStorage["history-bytes"].
export const BOUND_BYTES = Number(globalThis.localStorage?.getItem("history-bytes")) || 64 * 1024 * 1024;
let opening = null;

function open() {
  opening ??= new Promise((resolve) => {
    const request = indexedDB.open("inspector", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("events", { keyPath: ["sessionId", "eventIndex"] });
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

export const events = (id) => within("readonly", (_, store) => result(store.getAll(rangeOf(id))), []);

export const keepSessions = (list) => within("readwrite", async (store) => {
  for (const session of list) {
    const row = await result(store.get(session.id));
    store.put({ last: 0, bytes: 0, usedAt: 0, ...row, id: session.id, session });
  }
}, null);

// Append events that follow index `after` without a gap. When that is not where the stored part ends
// (cleared meanwhile), nothing is kept: a hole would never be filled.
export const keepEvents = (id, after, list, usage) => within("readwrite", async (store, events) => {
  const row = { id, last: 0, bytes: 0, ...(await result(store.get(id))) };
  if (after > row.last) return;
  for (const event of list) {
    if (event.eventIndex <= row.last) continue;
    events.put({ ...event, sessionId: id });
    row.last = event.eventIndex;
    row.bytes += JSON.stringify(event).length;
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
    store.put({ ...row, last: 0, bytes: 0 });
    total -= row.bytes;
  }
}

export const bytes = () => within("readonly", async (store) =>
  (await result(store.getAll())).reduce((sum, row) => sum + row.bytes, 0), 0);

export const clear = () => within("readwrite", async (store, events) => {
  store.clear();
  events.clear();
}, null);
