// A front end of another origin in its smallest form: sign in, list, search, read, with a token in memory only.

import { drawBlock } from "./blocks.js";

const api = new URL(new URLSearchParams(location.search).get("portal"));
const $ = (id) => document.getElementById(id);
let token = "";

async function ask(path, options = {}) {
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(new URL(path, api), { ...options, headers, credentials: "omit" });
  if (!answer.ok) {
    const problem = await answer.json();
    throw new Error(`${problem.status} ${problem.code}`);
  }
  return answer;
}

// A picture needs the token too, which <img> cannot carry: its bytes are fetched and shown from memory.
export async function picture(image, width = 960) {
  const sizes = image.renditions;
  const size = sizes.find((one) => one.width >= width) ?? sizes.at(-1);
  const element = document.createElement("img");
  element.alt = image.alt;
  if (size) {
    element.width = size.width;
    element.height = size.height;
    element.src = URL.createObjectURL(await (await ask(size.url)).blob());
  }
  return element;
}

async function list(search = "") {
  const path = `/api/v1/content/articles/?${new URLSearchParams(search ? { search } : {})}`;
  const { results, count } = await (await ask(path)).json();
  $("list").replaceChildren(
    ...results.map((article) => {
      const row = document.createElement("li");
      const button = document.createElement("button");
      button.textContent = article.title;
      button.addEventListener("click", () => said(read(article.id)));
      row.append(button);
      return row;
    }),
  );
  $("state").textContent = `${count} نوشته`;
}

async function read(id) {
  const article = await (await ask(`/api/v1/content/articles/${id}/`)).json();
  const heading = document.createElement("h2");
  heading.textContent = article.title;
  const blocks = await Promise.all(article.body.map((block) => drawBlock(block, picture)));
  $("article").replaceChildren(heading, ...blocks);
  $("article").hidden = false;
  $("state").textContent = article.summary;
}

async function signIn(form) {
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  const headers = { "Content-Type": "application/json" };
  token = "";
  ({ token } = await (await ask("/api/v1/auth/token/", { method: "POST", headers, body })).json());
  $("sign-in").hidden = true;
  $("search").hidden = false;
  await list();
}

function said(act) {
  return act.catch((error) => {
    $("state").textContent = `خطا: ${error.message}`;
  });
}

function onSubmit(id, act) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    said(act(event.target));
  });
}

onSubmit("sign-in", signIn);
onSubmit("search", (form) => list(form.elements.search.value));
if (new URLSearchParams(location.search).has("at-once")) said(list());
