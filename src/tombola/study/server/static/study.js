// Everything works without this file. It measures time, focus and window, and lets keys choose answers.
"use strict";

// a page from the browser's own memory may be out of date: ask again where we are
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Enter continues where there is only one way on
const next = document.querySelector("a[data-enter]");
if (next) {
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.target === document.body || event.target === document.documentElement)) next.click();
  });
}

const form = document.getElementById("answer");
if (form) {
  measure(form);
  shortcuts(form);
}

function measure(form) {
  let begun = null, losses = 0, away = false, sent = false;
  const pictures = [...document.querySelectorAll(".pictures img")];
  const seen = (picture) => picture.decode().catch(() => undefined); // a broken picture must not stop the clock
  Promise.all(pictures.map(seen)).then(() => requestAnimationFrame(() => { begun = performance.now(); }));
  const leave = () => { if (!away) { away = true; losses += 1; } };
  addEventListener("blur", leave);
  addEventListener("focus", () => { away = false; });
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); else away = false; });
  form.addEventListener("submit", (event) => {
    if (sent) { event.preventDefault(); return; }
    sent = true;
    const fill = (name, value, most) => { form.elements[name].value = Math.max(0, Math.min(most, Math.round(value))); };
    if (begun !== null) fill("milliseconds", performance.now() - begun, 1e9);
    fill("focus_losses", losses, 1e6);
    fill("width", innerWidth, 1e6);
    fill("height", innerHeight, 1e6);
    setTimeout(() => { sent = false; }, 5000); // the network may fail: the button works again
  });
}

function shortcuts(form) {
  const box = document.querySelector(".shortcuts"), button = document.getElementById("shortcuts");
  const options = [...form.querySelectorAll("input[name=answer]")], sure = [...form.querySelectorAll("input[name=confidence]")];
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "-"].slice(0, options.length), letters = ["q", "w", "e", "r"];
  const hint = (input, key) => {
    const mark = document.createElement("kbd");
    mark.textContent = key;
    mark.setAttribute("aria-hidden", "true");
    input.parentElement.append(mark);
  };
  options.forEach((input, index) => hint(input, keys[index] ?? ""));
  sure.forEach((input, index) => hint(input, letters[index]));
  let on = true;
  try { on = localStorage.getItem("tombola-keys") !== "off"; } catch { /* no storage: on for this page */ }
  const show = () => {
    button.textContent = on ? "Keys on" : "Keys off";
    button.setAttribute("aria-pressed", String(on));
    form.classList.toggle("without-keys", !on);
  };
  button.addEventListener("click", () => {
    on = !on;
    try { localStorage.setItem("tombola-keys", on ? "on" : "off"); } catch { /* as above */ }
    show();
  });
  box.hidden = false;
  show();
  addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const chosen = options[keys.indexOf(event.key)] ?? sure[letters.indexOf(event.key.toLowerCase())];
    if (chosen && chosen.offsetParent !== null) {
      event.preventDefault();
      chosen.checked = true;
      chosen.focus();
    } else if (event.key === "Enter" && !event.target.closest("a, button, summary, input")) {
      form.requestSubmit();
    }
  });
}
