// A small part of Markdown as a tree of plain objects, for agents' texts: headings, lists, quotes,
// fenced code, rules; code, strong, emphasis and links within a line. Everything else is text; there
// is no HTML and no image in it. render() makes nodes of the tree.
import { h, safeLink } from "./dom.js";

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?!\w)|\[([^\]\n]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>()"']+[^\s<>()"'.,;:!?])/;
const DEPTH = 4;
const INLINE_LENGTH = 8000; // the expression may look at each character once for each other one

export function inline(text, depth = 0) {
  if (text.length > INLINE_LENGTH) return [text];
  const out = [];
  let rest = text;
  while (rest && depth < DEPTH) {
    const m = INLINE.exec(rest);
    if (!m) break;
    if (m.index) out.push(rest.slice(0, m.index));
    if (m[2] !== undefined) out.push({ kind: "code", text: m[2] });
    else if (m[3] !== undefined) out.push({ kind: "strong", parts: inline(m[3], depth + 1) });
    else if (m[4] !== undefined) out.push({ kind: "em", parts: inline(m[4], depth + 1) });
    else if (m[5] !== undefined) out.push({ kind: "link", href: m[6], parts: [m[5]] });
    else out.push({ kind: "link", href: m[7], parts: [m[7]] });
    rest = rest.slice(m.index + m[0].length);
  }
  if (rest) out.push(rest);
  return out;
}

export function blocks(text) {
  const out = [], lines = text.split("\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) out.push({ kind: "p", parts: inline(paragraph.join("\n")) });
    paragraph = [];
  };
  const item = (kind, parts, start) => {
    flush();
    const last = out.at(-1);
    if (last?.kind === kind) last.items.push(parts);
    else out.push({ kind, items: [parts], ...(start === undefined ? {} : { start }) });
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    let m;
    if ((m = /^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)/.exec(line))) {
      flush();
      const code = [];
      while (++i < lines.length && !lines[i].trim().startsWith(m[1])) code.push(lines[i]);
      out.push({ kind: "pre", language: m[2], text: code.join("\n") });
    } else if ((m = /^(#{1,6})\s+(.*)/.exec(line))) {
      flush();
      out.push({ kind: "heading", level: m[1].length, parts: inline(m[2]) });
    } else if (/^ {0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
      flush();
      out.push({ kind: "hr" });
    } else if ((m = /^\s*[-*+]\s+(.*)/.exec(line))) item("ul", inline(m[1]));
    else if ((m = /^\s*(\d{1,9})[.)]\s+(.*)/.exec(line))) item("ol", inline(m[2]), Number(m[1]));
    else if ((m = /^>\s?(.*)/.exec(line))) item("quote", inline(m[1]));
    else if (line.trim() === "") flush();
    else paragraph.push(line);
  }
  flush();
  return out;
}

function inlineNodes(parts) {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    if (part.kind === "code") return h("code", null, part.text);
    if (part.kind !== "link") return h(part.kind, null, inlineNodes(part.parts));
    if (!safeLink(part.href)) return h("span", null, inlineNodes(part.parts), ` (${part.href})`);
    return h("a", { href: part.href, rel: "noopener noreferrer nofollow", target: "_blank", title: part.href }, inlineNodes(part.parts));
  });
}

function blockNode(block) {
  switch (block.kind) {
    case "pre": return h("pre", { tabindex: "0" }, h("code", null, block.text));
    case "hr": return h("hr");
    case "heading": return h("p", { class: `heading level${block.level}` }, inlineNodes(block.parts));
    case "p": return h("p", null, inlineNodes(block.parts));
    case "quote": return h("blockquote", null, block.items.map((parts) => h("p", null, inlineNodes(parts))));
    default: return h(block.kind, { start: block.start }, block.items.map((parts) => h("li", null, inlineNodes(parts))));
  }
}

export function render(text) {
  return blocks(text).map(blockNode);
}
