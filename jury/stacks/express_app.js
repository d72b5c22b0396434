// Node's http server, Express with qs, busboy and cookie: `express_app.js PORT`.
"use strict";
const busboy = require("busboy");
const cookie = require("cookie");
const express = require("express");
const querystring = require("querystring");
const zlib = require("zlib");

const app = express(); // Its query parser is qs.
const text = (value) => (typeof value === "string" ? value : JSON.stringify(value) ?? "");

function tree(seen, place, value, name = "") {
  if (value !== null && typeof value === "object") {
    for (const [key, child] of Object.entries(value)) {
      tree(seen, place, child, `${name}/${Array.isArray(value) ? "" : key}`);
    }
  } else {
    seen.push([place, name, text(value)]);
  }
}

function pairs(seen, place, entries) {
  for (const [name, value] of entries) seen.push([place, name, text(value)]);
}

function document(seen, body) {
  const lines = body.includes("\n") ? body.split("\n") : [];
  for (const line of [body, ...lines]) {
    try {
      tree(seen, "json", JSON.parse(line));
    } catch {}
  }
}

function parts(request, body, seen) {
  return new Promise((resolve) => {
    let parser;
    try {
      parser = busboy({ headers: request.headers });
    } catch {
      return resolve();
    }
    parser.on("field", (name, value) => seen.push(["form", name ?? "", value]));
    parser.on("file", (name, stream) => {
      let content = "";
      stream.on("data", (piece) => (content += piece));
      stream.on("close", () => seen.push(["file", name ?? "", content]));
    });
    parser.on("close", resolve);
    parser.on("error", resolve);
    parser.end(body);
  });
}

// As Express' body-parser does unless told not to.
function inflated(body, coding) {
  try {
    return /gzip|deflate/i.test(coding ?? "") ? zlib.unzipSync(body) : body;
  } catch {
    return body;
  }
}

async function read(request, response) {
  const seen = [];
  pairs(seen, "header", Object.entries(request.headers));
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    seen.push(["raw header", request.rawHeaders[index], request.rawHeaders[index + 1]]);
  }
  pairs(seen, "path", [["", request.path]]);
  pairs(seen, "path parameter", request.params.tenant_id
    ? [["tenant_id", request.params.tenant_id]] : []);
  tree(seen, "query by qs", request.query);
  const query = request.url.split("?").slice(1).join("?");
  tree(seen, "query by querystring", querystring.parse(query));
  pairs(seen, "query by URL", new URL(request.url, "http://host").searchParams);
  pairs(seen, "cookie", Object.entries(cookie.parse(request.headers.cookie ?? "")));
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = inflated(Buffer.concat(pieces), request.headers["content-encoding"]);
  pairs(seen, "trailer", Object.entries(request.trailers));
  document(seen, body.toString());
  const type = request.headers["content-type"] ?? "";
  if (/urlencoded/i.test(type)) {
    tree(seen, "form by qs", require("qs").parse(body.toString()));
    tree(seen, "form by querystring", querystring.parse(body.toString()));
  }
  if (/multipart/i.test(type)) await parts(request, body, seen);
  const answer = JSON.stringify({ seen });
  response.set("Content-Type", "application/json").send(answer);
}

const guarded = (request, response, next) => read(request, response).catch(next);
app.all("/v1/tenants/:tenant_id/(.*)", guarded);
// As written these take a slash at the end, and any case.
app.all("/v1/accounts/:tenant_id", guarded);
app.all("/v1/slashed/accounts/:tenant_id/", guarded);
app.all("(.*)", guarded);
app.listen(Number(process.argv[2]), "127.0.0.1");
