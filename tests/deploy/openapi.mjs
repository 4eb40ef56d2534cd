// openapi-typescript backwards: the OpenAPI description that the types of a package were made of, without its words, so that
// Prism can be asked. What such types do not keep is not there: security, formats, lengths.
// usage: openapi.mjs FILE.d.ts: prints the description of its first interfaces `paths` and `components`
import { readFileSync } from "node:fs";
import ts from "typescript";

const file = process.argv[2];
const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
const { SyntaxKind: Kind } = ts;

const named = (name) => source.statements.find((statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name);
const isNever = (type) => type.kind === Kind.NeverKeyword;
const fail = (node) => {
  throw new Error(`what is ${node.getText().slice(0, 100)}?`);
};

// The members of an object's type that can be there: [name, type, whether it must be there].
function members(type) {
  return type.members
    .filter((member) => ts.isPropertySignature(member) && !isNever(member.type))
    .map((member) => [member.name.text, member.type, !member.questionToken]);
}

const keywords = { [Kind.StringKeyword]: "string", [Kind.NumberKeyword]: "number", [Kind.BooleanKeyword]: "boolean" };

function object(type) {
  const known = members(type);
  const schema = { type: "object", properties: Object.fromEntries(known.map(([name, of]) => [name, schemaOf(of)])) };
  const required = known.filter(([, , must]) => must).map(([name]) => name);
  const others = type.members.find(ts.isIndexSignatureDeclaration);
  if (required.length > 0) schema.required = required;
  if (others) schema.additionalProperties = schemaOf(others.type);
  return schema;
}

// components["schemas"]["Sandbox"]
function reference(type) {
  const path = [];
  for (; ts.isIndexedAccessTypeNode(type); type = type.objectType) path.unshift(type.indexType.literal.text);
  return { $ref: `#/components/${path.join("/")}` };
}

function schemaOf(type) {
  if (keywords[type.kind]) return { type: keywords[type.kind] };
  switch (type.kind) {
    case Kind.UnknownKeyword: return {};
    case Kind.ParenthesizedType: return schemaOf(type.type);
    case Kind.ArrayType: return { type: "array", items: schemaOf(type.elementType) };
    case Kind.TypeLiteral: return object(type);
    case Kind.IndexedAccessType: return reference(type);
    case Kind.UnionType: return { anyOf: type.types.map(schemaOf) };
    case Kind.IntersectionType: return { allOf: type.types.map(schemaOf) };
    case Kind.LiteralType: return { const: JSON.parse(type.literal.getText()) };
    case Kind.TypeReference: // Record<string, never> is what they say for an object of which nothing is known
      return type.typeName.text === "Record" ? { type: "object" } : fail(type);
    default: return fail(type);
  }
}

const content = (type) => Object.fromEntries(members(type).map(([kind, schema]) => [kind, { schema: schemaOf(schema) }]));

function response(type) {
  if (ts.isIndexedAccessTypeNode(type)) return reference(type);
  const body = members(type).find(([name]) => name === "content");
  return { description: "", ...(body && { content: content(body[1]) }) };
}

function operation(type) {
  const described = { parameters: [], responses: {} };
  for (const [name, of] of members(type)) {
    if (name === "parameters") {
      for (const [place, group] of members(of))
        for (const [parameter, schema, required] of members(group)) described.parameters.push({ name: parameter, in: place, required, schema: parameterOf(schema) });
    } else if (name === "requestBody") {
      described.requestBody = { required: true, content: content(members(of)[0][1]) };
    } else if (name === "responses") {
      for (const [status, answer] of members(of)) described.responses[status] = response(answer);
    }
  }
  return described;
}

const components = Object.fromEntries(members(named("components")).map(([kind, types]) => [kind, members(types)]));

// Of a parameter among the components only the schema is kept, so that it is no component to refer to.
function parameterOf(type) {
  const shared = ts.isIndexedAccessTypeNode(type) && type.objectType.indexType?.literal.text === "parameters" &&
    components.parameters.find(([name]) => name === type.indexType.literal.text);
  return schemaOf(shared ? shared[1] : type);
}

const verbs = ["get", "put", "post", "delete", "options", "head", "patch"];
const paths = members(named("paths")).map(([path, of]) => [
  path, Object.fromEntries(members(of).filter(([verb]) => verbs.includes(verb)).map(([verb, type]) => [verb, operation(type)])),
]);
const all = (kind, describe) => Object.fromEntries((components[kind] ?? []).map(([name, type]) => [name, describe(type)]));
console.log(JSON.stringify({
  openapi: "3.1.0",
  info: { title: file, version: "0" },
  paths: Object.fromEntries(paths),
  components: { schemas: all("schemas", schemaOf), responses: all("responses", response) },
}));
