// One function for every type of block that the OpenAPI document names.

function element(tag, text = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function html(tag, text) {
  const made = document.createElement(tag);
  made.append(new DOMParser().parseFromString(text, "text/html").body);
  made.replaceChildren(...made.firstChild.childNodes);
  return made;
}

function group(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children.filter(Boolean));
  return made;
}

async function figure(value, picture) {
  return group("figure", value.image && (await picture(value.image)), element("figcaption", value.caption));
}

const callout = (value) => group("aside", value.title && element("strong", value.title), html("div", value.text));

const DRAW = {
  heading: (value) => element("h3", value),
  subheading: (value) => element("h4", value),
  text: (value) => html("div", value),
  steps: async (value, picture) =>
    group(
      "ol",
      ...(await Promise.all(
        value.map(async (step) =>
          group("li", element("strong", step.title), html("div", step.text), step.image && (await picture(step.image))),
        ),
      )),
    ),
  warning: callout,
  note: callout,
  table: (value) =>
    group(
      "table",
      element("caption", value.caption),
      group("tr", ...value.columns.map((column) => element("th", column))),
      ...value.rows.map((row) => group("tr", ...row.map((cell) => element("td", cell)))),
    ),
  figure,
  gallery: async (value, picture) => group("div", ...(await Promise.all(value.map((one) => figure(one, picture))))),
  video: (value) => element("p", value.caption || value.media?.title || value.url),
  download: (value) => element("p", `${value.title} ${value.software_version}`),
  code: (value) => group("pre", element("code", value.code)),
  part: (value) => element("p", `${value.name} ${value.number}`),
  faq: (value) =>
    group("dl", ...value.flatMap((one) => [element("dt", one.question), html("dd", one.answer)])),
};

export async function drawBlock(block, picture) {
  const drawn = await DRAW[block.type](block.value, picture);
  drawn.dataset.block = block.type;
  return drawn;
}
