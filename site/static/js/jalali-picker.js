/**
 * A Jalali calendar beside every `<input data-jalali-picker>`, also those that arrive later.
 *
 * The attribute holds the words as JSON (`kernel.fields.JalaliDateInput` renders them). Typing stays possible: the
 * calendar only fills in the input, and without this module, or where the browser knows no Persian calendar, typing is
 * all there is. The server reads both. A day is held as the number of days since 1970-01-01.
 */

const FIRST_YEAR = 1300;
const LAST_YEAR = 1500;
const DAY_MS = 86_400_000;
const WEEKS = 6; // in every month, so that nothing moves under the finger
const INPUTS = "input[data-jalali-picker]";
const FARVARDIN = { month: 2, day: 21 }; // about where the Jalali year begins, as Date counts months
const SVG = "http://www.w3.org/2000/svg";
const DRAWINGS = {
  calendar: "M4 6.5A1.5 1.5 0 0 1 5.5 5h13A1.5 1.5 0 0 1 20 6.5v12a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5zM4 10h16M8 3v4M16 3v4",
  previousYear: "m12 6 6 6-6 6M5 6l6 6-6 6", // right to left: what was lies to the right
  previousMonth: "m9 6 6 6-6 6",
  nextMonth: "m15 6-6 6 6 6",
  nextYear: "m12 6-6 6 6 6M19 6l-6 6 6 6",
};

const numbers = formatter("en-u-ca-persian-nu-latn", { year: "numeric", month: "numeric", day: "numeric" });
const monthName = formatter("fa-IR-u-ca-persian", { month: "long" });
const longWeekday = formatter("fa-IR-u-ca-persian", { weekday: "long" });
const shortWeekday = formatter("fa-IR-u-ca-persian", { weekday: "narrow" });

function formatter(locale, options) {
  return new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
}

export function jalali(day) {
  const pieces = Object.fromEntries(numbers.formatToParts(day * DAY_MS).map(({ type, value }) => [type, Number(value)]));
  return { year: pieces.year, month: pieces.month, day: pieces.day };
}

/** The day number of a Jalali date, or null if the calendar has no such day. */
export function dayNumber(year, month, day) {
  const before = month <= 7 ? (month - 1) * 31 : 186 + (month - 7) * 30;
  const guess = Date.UTC(year + 621, FARVARDIN.month, FARVARDIN.day) / DAY_MS + before + day - 1;
  for (const number of [guess, guess - 1, guess + 1, guess - 2, guess + 2]) {
    const found = jalali(number);
    if (found.year === year && found.month === month && found.day === day) return number;
  }
  return null;
}

export function monthLength(year, month) {
  if (month <= 6) return 31;
  return month < 12 || dayNumber(year, 12, 30) !== null ? 30 : 29;
}

/** Saturday 0 … Friday 6. */
function weekday(day) {
  return (((day + 5) % 7) + 7) % 7;
}

function addMonths(day, count) {
  const from = jalali(day);
  const months = from.year * 12 + from.month - 1 + count;
  const year = Math.floor(months / 12);
  const month = (months % 12) + 1;
  if (year < FIRST_YEAR) return dayNumber(FIRST_YEAR, 1, 1);
  if (year > LAST_YEAR) return dayNumber(LAST_YEAR, 12, monthLength(LAST_YEAR, 12));
  return dayNumber(year, month, Math.min(from.day, monthLength(year, month)));
}

function clamp(day) {
  const first = dayNumber(FIRST_YEAR, 1, 1);
  const last = dayNumber(LAST_YEAR, 12, monthLength(LAST_YEAR, 12));
  return Math.min(Math.max(day, first), last);
}

function today() {
  const [year, month, day] = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Tehran" }).format().split("-").map(Number);
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

function asciiDigits(text) {
  return text.replace(/[۰-۹]/g, (c) => "۰۱۲۳۴۵۶۷۸۹".indexOf(c)).replace(/[٠-٩]/g, (c) => "٠١٢٣٤٥٦٧٨٩".indexOf(c));
}

function persianDigits(text) {
  return String(text).replace(/[0-9]/g, (c) => "۰۱۲۳۴۵۶۷۸۹"[c]);
}

/** The day that stands in the input, or null. */
export function typedDay(text) {
  const plain = asciiDigits(text).replace(/[\u200c\u200e\u200f]/g, "").trim();
  const match = /^(\d{4})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{1,2})$/.exec(plain) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(plain);
  if (!match) return null;
  const [year, month, day] = match.slice(1).map(Number);
  return year >= FIRST_YEAR && year <= LAST_YEAR ? dayNumber(year, month, day) : null;
}

export function written(day) {
  const { year, month, day: date } = jalali(day);
  const pad = (value) => String(value).padStart(2, "0");
  return persianDigits(`${year}/${pad(month)}/${pad(date)}`);
}

/** `یکشنبه ۱ آذر ۱۴۰۵`, as the server writes it. */
function spoken(day) {
  const { year, day: date } = jalali(day);
  return [longWeekday.format(day * DAY_MS), persianDigits(date), monthName.format(day * DAY_MS), persianDigits(year)].join(" ");
}

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function drawing(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", DRAWINGS[name]);
  svg.append(path);
  return svg;
}

class JalaliPicker {
  constructor(input) {
    this.input = input;
    this.words = JSON.parse(input.dataset.jalaliPicker);
    const label = (input.labels?.[0]?.textContent ?? "").replace(/\s+/g, " ").replace(/[\s:*]+$/, "").trim();
    this.button = this.iconButton("calendar", [this.words.open, label].filter(Boolean).join(": "), () => this.open());
    this.button.classList.add("jalali-open");
    this.button.setAttribute("aria-haspopup", "dialog");
    this.dialog = this.buildDialog(label || this.words.calendar);
    this.wrap();
  }

  wrap() {
    const hadFocus = document.activeElement === this.input;
    const field = element("span", { class: "jalali-field" });
    this.input.replaceWith(field);
    field.append(this.input, this.button, this.dialog);
    if (hadFocus) this.input.focus();
    this.input.addEventListener("keydown", (event) => {
      if (event.altKey && event.key === "ArrowDown") {
        event.preventDefault();
        this.open();
      }
    });
  }

  iconButton(name, label, onClick) {
    const button = element("button", { type: "button", class: "jalali-icon", "aria-label": label }, drawing(name));
    button.addEventListener("click", onClick);
    return button;
  }

  textButton(label, onClick) {
    const button = element("button", { type: "button", class: "jalali-text" }, label);
    button.addEventListener("click", onClick);
    return button;
  }

  buildDialog(label) {
    const step = (name, months) => this.iconButton(name, this.words[name], () => this.turn(months));
    this.heading = element("strong", { class: "jalali-heading", "aria-live": "polite" });
    this.days = element("tbody");
    this.grid = element("table", { role: "grid" }, this.weekdayRow(), this.days);
    this.grid.addEventListener("keydown", (event) => this.onKey(event));
    this.grid.addEventListener("click", (event) => {
      const cell = event.target.closest("[data-day]");
      if (cell) this.choose(Number(cell.dataset.day));
    });
    const head = element(
      "div", { class: "jalali-head" },
      step("previousYear", -12), step("previousMonth", -1), this.heading, step("nextMonth", 1), step("nextYear", 12),
    );
    const foot = element(
      "div", { class: "jalali-foot" },
      this.textButton(this.words.today, () => this.choose(today())),
      this.textButton(this.words.close, () => this.dialog.close()),
    );
    const body = element("div", { class: "jalali-body" }, head, this.grid, foot);
    const dialog = element("dialog", { class: "jalali-dialog", dir: "rtl", "aria-label": label }, body);
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    return dialog;
  }

  weekdayRow() {
    const row = element("tr");
    const saturday = 2; // 1970-01-03
    for (let day = saturday; day < saturday + 7; day += 1) {
      const long = longWeekday.format(day * DAY_MS);
      row.append(element("th", { scope: "col", abbr: long, "aria-label": long }, shortWeekday.format(day * DAY_MS)));
    }
    return element("thead", {}, row);
  }

  open() {
    if (this.input.disabled || this.input.readOnly || this.dialog.open) return;
    this.chosen = typedDay(this.input.value);
    this.show(clamp(this.chosen ?? today()));
    this.dialog.showModal();
    this.focusDay();
  }

  choose(day) {
    this.input.value = written(day);
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
    this.dialog.close();
  }

  /** Goes to another month with the head's buttons; the focus stays on the button. */
  turn(months) {
    this.show(addMonths(this.current, months));
  }

  show(day) {
    this.current = day;
    const { year, month } = jalali(day);
    const first = dayNumber(year, month, 1);
    const title = `${monthName.format(first * DAY_MS)} ${persianDigits(year)}`;
    this.heading.textContent = title;
    this.grid.setAttribute("aria-label", title);
    const cells = Array.from({ length: weekday(first) }, () => element("td"));
    for (let date = 0; date < monthLength(year, month); date += 1) cells.push(this.cell(first + date));
    while (cells.length < WEEKS * 7) cells.push(element("td"));
    const rows = [];
    for (let at = 0; at < cells.length; at += 7) rows.push(element("tr", {}, ...cells.slice(at, at + 7)));
    this.days.replaceChildren(...rows);
  }

  cell(day) {
    const cell = element(
      "td",
      {
        role: "gridcell",
        "data-day": day,
        "aria-label": spoken(day),
        "aria-selected": day === this.chosen,
        tabindex: day === this.current ? 0 : -1,
      },
      persianDigits(jalali(day).day),
    );
    if (day === today()) cell.setAttribute("aria-current", "date");
    if (weekday(day) === 6) cell.classList.add("jalali-friday");
    return cell;
  }

  focusDay() {
    this.days.querySelector("[tabindex='0']").focus();
  }

  onKey(event) {
    const day = this.current;
    const moves = {
      ArrowRight: () => day - 1,
      ArrowLeft: () => day + 1,
      ArrowUp: () => day - 7,
      ArrowDown: () => day + 7,
      Home: () => day - weekday(day),
      End: () => day + 6 - weekday(day),
      PageUp: () => addMonths(day, event.shiftKey ? -12 : -1),
      PageDown: () => addMonths(day, event.shiftKey ? 12 : 1),
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(day);
    } else if (Object.hasOwn(moves, event.key) && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.show(clamp(moves[event.key]()));
      this.focusDay();
    }
  }
}

const enhanced = new WeakSet();

function enhance(inputs) {
  for (const input of inputs) {
    if (enhanced.has(input)) continue;
    enhanced.add(input);
    new JalaliPicker(input);
  }
}

if (numbers.resolvedOptions().calendar === "persian" && "showModal" in HTMLDialogElement.prototype) {
  enhance(document.querySelectorAll(INPUTS));
  // Forms that a page adds later (an inline panel, a dialog) get theirs as they arrive.
  new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      if (node.nodeType === Node.ELEMENT_NODE) enhance(node.matches(INPUTS) ? [node] : node.querySelectorAll(INPUTS));
    }
  }).observe(document.body, { childList: true, subtree: true });
}
