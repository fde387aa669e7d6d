/** Under a textarea with data-sms-counter: how many parts its text is sent in. Variables count as they stand; the
 *  preview counts with real names. The rules are those of kernel.sms_parts.
 */
const GSM = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const ESCAPED = new Set("\f^{}\\[~]|€");
const PERSIAN = new Intl.NumberFormat("fa-IR");

const size = (text) => {
  const letters = [...text];
  const gsm = letters.every((letter) => GSM.has(letter) || ESCAPED.has(letter));
  const units = letters.reduce((sum, letter) => sum + (gsm ? (GSM.has(letter) ? 1 : 2) : letter.length), 0);
  const [single, part] = gsm ? [160, 153] : [70, 67];
  if (units <= single) return { parts: Math.min(units, 1), left: single - units };
  const parts = Math.ceil(units / part);
  return { parts, left: parts * part - units };
};

for (const area of document.querySelectorAll("[data-sms-counter]")) {
  const line = document.querySelector("[data-sms-size]");
  if (!line) continue;
  const show = () => {
    const { parts, left } = size(area.value);
    const words = parts > 1 ? line.dataset.many : line.dataset.one;
    line.textContent = words.replace("{parts}", PERSIAN.format(parts)).replace("{left}", PERSIAN.format(left));
  };
  area.addEventListener("input", show);
  show();
}
