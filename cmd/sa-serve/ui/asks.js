// Forms for what an agent asks: a permission's options, an elicitation's fields.
import { ask as request, session } from "./api.js";
import { button, h } from "./dom.js";
import { content, question } from "./blocks.js";

async function send(id, block, body, node) {
  node.querySelectorAll("button, input, select").forEach((control) => { control.disabled = true; });
  try {
    await request("POST", session(id, `/pending/${encodeURIComponent(block.request)}`), body);
  } catch (error) {
    node.querySelectorAll("button, input, select").forEach((control) => { control.disabled = false; });
    node.querySelector(".problem").textContent = error.message;
  }
}

function permission(id, block) {
  const options = Array.isArray(block.params.options) ? block.params.options : [];
  const tool = block.params.toolCall ?? {};
  const detail = typeof tool.rawInput?.command === "string" ? h("pre", { class: "command" }, `$ ${tool.rawInput.command}`)
    : tool.rawInput !== undefined ? h("pre", null, JSON.stringify(tool.rawInput, null, 2)) : null;
  const node = h("form", { class: "ask", "aria-label": "Permission wanted" },
    h("div", { class: "ask-head" }, h("span", { class: "tag wait" }, "Permission"), h("strong", null, question(block))),
    detail, (Array.isArray(tool.content) ? tool.content : []).map(content),
    h("div", { class: "row" }, options.map((option) => {
      const isAllow = String(option?.kind).startsWith("allow");
      return button(String(option?.name ?? option?.optionId), () => send(id, block, { optionId: option.optionId }, node),
        { class: option?.kind === "allow_once" ? "primary" : isAllow ? "" : "stop" });
    })),
    h("p", { class: "problem", role: "alert" }));
  node.addEventListener("submit", (event) => event.preventDefault());
  return node;
}

// [value, words] of each thing that may be chosen, null when anything may be written.
const choicesOf = (schema) => (Array.isArray(schema.enum) ? schema.enum.map((value) => [value, value])
  : Array.isArray(schema.oneOf ?? schema.anyOf) ? (schema.oneOf ?? schema.anyOf).map((one) => [one?.const, one?.title ?? one?.const]) : null);

// Of these any number: a list.
function several(name, schema, label, isRequired) {
  const chosen = Array.isArray(schema.default) ? schema.default : [], least = schema.minItems ?? (isRequired ? 1 : 0);
  const boxes = (choicesOf(schema.items ?? {}) ?? []).map(([item, text]) => ({ item, text, control: h("input", { type: "checkbox", checked: chosen.includes(item) }) }));
  const value = () => {
    const list = boxes.filter((one) => one.control.checked).map((one) => one.item);
    if (list.length < least && (isRequired || list.length)) throw new Error(`${label}: choose at least ${least}.`);
    if (list.length > (schema.maxItems ?? Infinity)) throw new Error(`${label}: choose at most ${schema.maxItems}.`);
    return list.length ? list : undefined;
  };
  return { name, value, node: h("fieldset", { class: "several" }, h("legend", null, label, isRequired && h("span", { class: "faint" }, " (required)")),
    schema.description && h("p", { class: "faint" }, String(schema.description)), boxes.map((one) => h("label", { class: "check" }, one.control, h("span", null, String(one.text))))) };
}

function field(name, schema, isRequired) {
  const label = String(schema.title ?? name), kind = schema.type, choices = choicesOf(schema);
  let control, value;
  if (kind === "array") return several(name, schema, label, isRequired);
  if (choices) {
    control = h("select", { required: isRequired }, !isRequired && h("option", { value: "" }, "—"),
      choices.map(([item, text]) => h("option", { value: String(item), selected: item === schema.default }, String(text))));
    value = () => choices.find(([item]) => String(item) === control.value)?.[0];
  } else if (kind === "boolean") {
    control = h("input", { type: "checkbox", checked: schema.default === true });
    value = () => control.checked;
  } else if (kind === "number" || kind === "integer") {
    control = h("input", { type: "number", step: kind === "integer" ? "1" : "any", min: schema.minimum, max: schema.maximum, required: isRequired, value: schema.default });
    value = () => (control.value === "" ? undefined : Number(control.value));
  } else {
    control = h("input", { type: "text", required: isRequired, maxlength: schema.maxLength, value: typeof schema.default === "string" ? schema.default : "" });
    value = () => (control.value === "" && !isRequired ? undefined : control.value);
  }
  if (kind === "boolean") return { name, value, node: h("label", { class: "check" }, control, h("span", null, label, schema.description && h("span", { class: "faint" }, ` ${schema.description}`))) };
  return { name, value, node: h("label", { class: "field" }, h("span", null, label, isRequired && h("span", { class: "faint" }, " (required)")), control,
    schema.description && h("span", { class: "faint" }, String(schema.description))) };
}

function form(id, block) {
  const schema = block.params.requestedSchema ?? {}, required = Array.isArray(schema.required) ? schema.required : [];
  const fields = Object.entries(schema.properties ?? {}).map(([name, one]) => field(name, one ?? {}, required.includes(name)));
  const node = h("form", { class: "ask", "aria-label": "Question" },
    h("div", { class: "ask-head" }, h("span", { class: "tag wait" }, "Question"), h("strong", null, question(block))),
    block.params.url && h("p", null, h("a", { href: block.params.url, target: "_blank", rel: "noopener noreferrer" }, String(block.params.url))),
    fields.map((one) => one.node),
    h("div", { class: "row" }, h("button", { type: "submit", class: "primary" }, "Answer"),
      button("Decline", () => send(id, block, { result: { action: "decline" } }, node), { class: "quiet" })),
    h("p", { class: "problem", role: "alert" }));
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    const content = {};
    try {
      for (const one of fields) {
        const value = one.value();
        if (value !== undefined) Object.defineProperty(content, one.name, { value, enumerable: true });
      }
    } catch (error) {
      node.querySelector(".problem").textContent = error.message;
      return;
    }
    send(id, block, { result: { action: "accept", content } }, node);
  });
  return node;
}

export const askNode = (id, block) => (block.method === "elicitation/create" ? form(id, block) : permission(id, block));
