/** <div data-uploads="URL">: files are uploaded while the message is still being written, in pieces, several after one
 *  another; a cut connection is waited for and gone on from where the server stands. Files come from the input, the
 *  camera, the clipboard, by dragging, or as a voice note. What is ready goes along as a hidden `attachments` field,
 *  and comes back if the page is lost before it was sent (drafts.js or desk-ticket.js forgets it afterwards).
 *  [data-camera] and [data-voice] are offered where the box has them; a box that works has [data-live].
 */
const WAITS = [1000, 2000, 4000, 8000, 15000];

for (const box of document.querySelectorAll("[data-uploads]")) new Uploads(box);

function Uploads(box) {
  const form = box.closest("form");
  const input = box.querySelector("input[type=file]");
  const list = box.querySelector("[data-list]");
  const status = box.querySelector("[data-status]");
  const say = box.dataset;
  box.dataset.live = "";
  let busy = 0;
  let queue = Promise.resolve();

  const count = () => list.querySelectorAll("li").length;
  const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;

  const add = (files) => {
    for (const file of files) {
      if (count() >= Number(say.most)) {
        status.textContent = say.sayMany;
        return;
      }
      const upload = tile(file);
      busy += 1;
      queue = queue.then(() => run(file, upload)).finally(() => { busy -= 1; });
    }
  };

  const tile = (file) => {
    const item = box.querySelector("template[data-tile]").content.cloneNode(true).firstElementChild;
    const upload = { item, line: item.querySelector("[data-state]"), meter: item.querySelector("progress"), id: "" };
    item.querySelector("bdi").textContent = file.name;
    item.querySelector("[data-remove]").addEventListener("click", () => {
      upload.dropped = true;
      item.remove();
      status.textContent = "";
      if (upload.id) call(`${say.uploads}${upload.id}/`, { method: "DELETE" });
      remember();
    });
    list.append(item);
    return upload;
  };

  const call = async (url, options) => {
    const headers = { ...options.headers, "X-CSRFToken": token(), Accept: "application/json" };
    const reply = await fetch(url, { ...options, headers });
    const isOurs = !reply.redirected && (reply.headers.get("Content-Type") ?? "").startsWith("application/json");
    return { ok: reply.ok && isOurs, status: reply.status, told: isOurs ? await reply.json() : {} };
  };

  /** Repeats a call while the connection is gone or the server stumbles; the last pause goes on for ever. */
  const insist = async (upload, ask) => {
    for (let turn = 0; !upload.dropped; turn += 1) {
      try {
        const answer = await ask();
        if (answer.status < 500) return answer;
      } catch {
        // No connection, or an answer that is none: ask again.
      }
      upload.line.textContent = say.sayWaiting;
      await pause(WAITS[Math.min(turn, WAITS.length - 1)]);
    }
    return { ok: false, told: {} };
  };

  const run = async (file, upload) => {
    if (upload.dropped) return;
    const body = JSON.stringify({ name: file.name, size: file.size });
    let answer = await insist(upload, () => call(say.uploads, { method: "POST", body }));
    if (answer.ok) {
      upload.id = answer.told.id;
      answer = await pieces(file, upload, answer.told);
    }
    if (upload.dropped) return;
    upload.meter.remove();
    if (answer.ok && answer.told.ready) {
      ready(upload);
    } else {
      upload.id = "";  // what is refused is gone there too
      upload.item.classList.add("file-late");
      upload.line.textContent = answer.told.message || say.sayFailed;
    }
  };

  const ready = (upload) => {
    upload.line.textContent = say.sayReady;
    upload.item.append(hidden(upload.id));
    remember();
  };

  const remember = () => {
    if (!form.dataset.drafts) return;
    const ids = [...list.querySelectorAll("input[type=hidden][name=attachments]")].map((field) => field.value);
    localStorage.setItem(`files:${form.dataset.drafts}`, JSON.stringify(ids));
  };

  /** What was ready when the page was lost, as far as the server still has it and the form does not name it. */
  const restore = async () => {
    if (!form.dataset.drafts) return;
    const ids = JSON.parse(localStorage.getItem(`files:${form.dataset.drafts}`) ?? "[]");
    for (const id of ids) {
      if (list.querySelector(`input[value="${CSS.escape(id)}"]`)) continue;
      const answer = await call(`${say.uploads}${id}/`, { method: "GET" });
      if (!answer.ok || !answer.told.ready) continue;
      const upload = tile({ name: answer.told.name });
      upload.id = id;
      upload.meter.remove();
      ready(upload);
    }
  };

  const pieces = async (file, upload, begun) => {
    const url = `${say.uploads}${begun.id}/`;
    let told = begun;
    while (!told.ready && !upload.dropped) {
      const piece = file.slice(told.received, told.received + Number(say.chunk));
      const headers = { "Upload-Offset": String(told.received), "Content-Type": "application/octet-stream" };
      let answer = await insist(upload, () => call(url, { method: "PATCH", body: piece, headers }));
      if (answer.status === 409 || answer.status === 404) answer = await insist(upload, () => call(url, { method: "GET" }));
      if (!answer.ok) return answer;
      told = answer.told;
      upload.meter.value = (told.received / told.size) * 100;
      upload.line.textContent = `${Math.floor((told.received / told.size) * 100).toLocaleString(document.documentElement.lang)}٪`;
    }
    return { ok: true, told };
  };

  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  box.querySelector("[data-choose]").addEventListener("click", () => input.click());
  box.querySelector("[data-camera]")?.addEventListener("click", () => {
    const camera = Object.assign(document.createElement("input"), { type: "file", accept: "image/*" });
    camera.setAttribute("capture", "environment");
    camera.addEventListener("change", () => add(camera.files));
    camera.click();
  });
  form.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      box.classList.add("uploads-over");
    });
  }
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => box.classList.remove("uploads-over"));
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  // A message that is sent too early would go without its files: it waits for them, and then goes by itself.
  form.addEventListener("submit", (event) => {
    if (!busy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    status.textContent = say.sayWaiting;
    const button = event.submitter;
    queue.then(() => form.requestSubmit(button));
  }, { capture: true });

  voice(box, add, status);
  restore().catch(() => { status.textContent = say.sayWaiting; });
}

function hidden(id) {
  return Object.assign(document.createElement("input"), { type: "hidden", name: "attachments", value: id });
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/** [data-voice] records until it is pressed again. */
function voice(box, add, status) {
  const button = box.querySelector("[data-voice]");
  if (!button) return;
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
    button.remove();
    return;
  }
  const label = button.querySelector("span");
  const words = label.textContent;
  let recorder = null;

  const stopped = (blocks, kind) => {
    const ending = kind.includes("mp4") ? "m4a" : kind.includes("ogg") ? "ogg" : "weba";
    add([new File(blocks, `${box.dataset.sayVoice}.${ending}`, { type: kind })]);
    button.setAttribute("aria-pressed", "false");
    label.textContent = words;
    recorder = null;
  };

  button.addEventListener("click", async () => {
    if (recorder) {
      recorder.stop();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      status.textContent = box.dataset.sayMicrophone;
      return;
    }
    const blocks = [];
    recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", (event) => blocks.push(event.data));
    recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      stopped(blocks, blocks[0]?.type ?? "");
    });
    recorder.start();
    button.setAttribute("aria-pressed", "true");
    label.textContent = button.dataset.sayStop;
  });
}
