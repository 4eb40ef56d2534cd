// A line of words to a program and its arguments, as a shell would cut it: blanks, both quotes, backslash.
// Nothing is expanded. Null when a quote is left open.
export function splitWords(line) {
  const out = [];
  let word = null, quote = "";
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (quote === "'" ? c !== "'" : quote === '"' && c !== '"' && c !== "\\") word += c;
    else if (quote && c === quote) quote = "";
    else if (c === "\\" && i + 1 < line.length) {
      const next = line[++i];
      word = (word ?? "") + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    } else if (!quote && (c === "'" || c === '"')) {
      quote = c;
      word ??= "";
    } else if (!quote && /\s/.test(c)) {
      if (word !== null) out.push(word);
      word = null;
    } else word = (word ?? "") + c;
  }
  if (quote) return null;
  if (word !== null) out.push(word);
  return out;
}

export const joinWords = (words) => words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

// What a terminal would not print: colours, titles, cursor moves.
export const plain = (text) => text.replace(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|\r(?=\n)/g, "");
